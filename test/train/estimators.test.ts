// On problems small enough to enumerate, the mean of the sampled gradient is the exact gradient within four of its standard errors.
import { describe, expect, it } from 'vitest';
import {
  Adam,
  backward,
  baselineLoss,
  batchGather,
  categorical,
  detach,
  entropy,
  expand,
  foldIn,
  gather,
  grad,
  type Key,
  key,
  LearnedBaseline,
  logSoftmax,
  type MovingAverage,
  movingAverage,
  mul,
  parameter,
  parameters,
  pick,
  reinforceLoss,
  reshape,
  scope,
  split,
  stack,
  sum,
  type Tensor,
  tensor,
} from '../../src/all.ts';
import { expectMean, exps, statistics, total } from './statistics.ts';

const logits = [0.3, -0.8, 1.1, 0, -0.2];
const rewards = [1, 4, 2.5, -1, 3];
const DRAWS = 20_000;

/** `−∂E[R]/∂logits` of one choice. */
const exact = () => {
  const p = exps(logits);
  const mean = p.reduce((sum, pi, i) => sum + pi * (rewards[i] as number), 0);
  return p.map((pi, i) => -pi * ((rewards[i] as number) - mean));
};

/** The gradient of each of `count` draws, as rows; `loss` is given the log-probabilities and the rewards. */
function draws(from: Key, count: number, loss: (logProbability: Tensor, reward: Tensor) => Tensor): number[] {
  return scope(() => {
    const x = parameter(detach(expand(tensor(logits), [count, logits.length])));
    const choice = categorical(from, x);
    const reward = gather(tensor(rewards), choice);
    const [g] = grad(loss(pick(logSoftmax(x), choice), reward), [x]) as [Tensor];
    return Array.from(mul(g, count).toArray());
  });
}

describe('REINFORCE over one choice', () => {
  const without = draws(key(1), DRAWS, reinforceLoss);

  it('has the exact gradient as its mean', () => {
    expectMean(without, exact());
  });

  it('has it with any constant baseline, and the least variance near the mean reward', () => {
    const at = (baseline: number) => draws(key(2), DRAWS, (l, r) => reinforceLoss(l, r, { baseline }));
    const [far, near] = [at(-3), at(1.8)];
    expectMean(far, exact());
    expectMean(near, exact());
    expect(total(near, 5)).toBeLessThan(0.6 * total(without, 5));
    expect(total(far, 5)).toBeGreaterThan(2 * total(without, 5));
  });

  it('has it with a moving average, at less variance', () => {
    let average: MovingAverage = { value: 0, weight: 0 };
    const samples: number[] = [];
    for (let step = 0; step < DRAWS / 10; step++) {
      const gradients = draws(foldIn(key(3), step), 10, (l, r) => {
        const loss = reinforceLoss(l, r, { baseline: average.value });
        average = movingAverage(average, sum(r).item() / 10, { decay: 0.95 });
        return loss;
      });
      if (step > 0) samples.push(...gradients);
    }
    expectMean(samples, exact());
    expect(total(samples, 5)).toBeLessThan(0.65 * total(without, 5));
  });

  it('would be biased by a baseline that knows the draw', () => {
    const samples = draws(key(4), DRAWS, (l, r) => reinforceLoss(l, r, { baseline: mul(r, 0.5) }));
    const wanted = exact();
    const off = statistics(samples, 5).map(({ mean, error }, j) => Math.abs(mean - (wanted[j] as number)) / error);
    expect(Math.max(...off)).toBeGreaterThan(10);
  });

  it('has the exact gradient of the entropy, to the last digits', () => {
    const x = parameter(tensor([logits]));
    const nothing = mul(pick(logSoftmax(x), tensor(Int32Array.of(0))), 1);
    const loss = reinforceLoss(nothing, tensor([0]), { entropy: entropy(x), entropyWeight: 0.25 });
    const p = exps(logits);
    const h = -p.reduce((sum, pi) => sum + pi * Math.log(pi), 0);
    const g = (grad(loss, [x])[0] as Tensor).toArray();
    p.forEach((pi, i) => expect(Math.abs((g[i] as number) - 0.25 * pi * (Math.log(pi) + h))).toBeLessThan(2e-7));
    expect(entropy(x).item()).toBeCloseTo(h, 6);
  });
});

describe('REINFORCE over two choices, of which the second depends on the first', () => {
  const first = [0.4, -0.3, 0.1];
  const second = [
    [0.2, -1, 0.5],
    [1, 0, -0.5],
    [-0.4, 0.3, 0.9],
  ];
  const table = [
    [1, 0, 2],
    [3, -1, 0],
    [0, 5, 1],
  ];

  /** By enumeration of the nine ways: the gradient to the first logits, then to the second's three rows. */
  function enumerated(): number[] {
    const p = exps(first);
    const q = second.map(exps);
    const value = q.map((row, i) => row.reduce((sum, v, j) => sum + v * ((table[i] as number[])[j] as number), 0));
    const mean = p.reduce((sum, v, i) => sum + v * (value[i] as number), 0);
    const inner = q.map((row, i) =>
      row.map((v, j) => -(p[i] as number) * v * (((table[i] as number[])[j] as number) - (value[i] as number))),
    );
    return [...p.map((v, i) => -v * ((value[i] as number) - mean)), ...inner.flat()];
  }

  it('has the exact gradient as its mean: one reward for both, and a choice that is masked counts for nothing', () => {
    const samples = scope(() => {
      const x = parameter(detach(expand(tensor(first), [DRAWS, 3])));
      const y = parameter(detach(expand(tensor(second), [DRAWS, 3, 3])));
      const [forFirst, forSecond] = split(key(5));
      const a = categorical(forFirst, x);
      const rows = reshape(batchGather(y, reshape(a, [DRAWS, 1])), [DRAWS, 3]);
      const b = categorical(forSecond, rows);
      const reward = pick(batchGather(expand(tensor(table), [DRAWS, 3, 3]), a), b);
      const ones = pick(logSoftmax(x), a);
      const logs = stack([ones, pick(logSoftmax(rows), b), mul(ones, 7)], 1); // the third is no choice
      const mask = expand(tensor([true, true, false]), [DRAWS, 3]);
      const g = grad(reinforceLoss(logs, reward, { baseline: 1.2, mask }), [x, y]).map((part) => mul(part, DRAWS).toArray());
      return Array.from({ length: DRAWS }, (_, i) => [
        ...(g[0] as Float32Array).subarray(i * 3, i * 3 + 3),
        ...(g[1] as Float32Array).subarray(i * 9, i * 9 + 9),
      ]).flat();
    });
    expectMean(samples, enumerated());
  });
});

describe('a learned baseline', () => {
  // Two situations, of which one pays ten more whatever is chosen: no number fits both.
  const paid = [rewards, rewards.map((r) => r + 10)];
  const situations = tensor([
    [1, 0],
    [0, 1],
  ]);
  const baseline = new LearnedBaseline({ input: 2 }, key(6));
  const optimizer = new Adam(parameters(baseline), { lr: 0.05 });

  const play = (from: Key, count: number) => {
    const [forSituation, forChoice] = split(from);
    const which = categorical(forSituation, tensor(new Float32Array(2 * count), { shape: [count, 2] }));
    const x = parameter(detach(expand(tensor(logits), [count, 5])));
    const choice = categorical(forChoice, x);
    const reward = pick(gather(tensor(paid), which), choice);
    return { x, features: gather(situations, which), logs: pick(logSoftmax(x), choice), reward };
  };

  it('learns the mean reward of each situation, leaves the mean gradient and takes the variance', () => {
    for (let step = 0; step < 800; step++) {
      scope(() => {
        const { features, reward } = play(foldIn(key(7), step), 64);
        backward(baselineLoss(baseline.forward(features), reward));
        optimizer.lr = 0.05 * (1 - step / 800);
        optimizer.step();
      });
    }
    const mean = exps(logits).reduce((sum, p, i) => sum + p * (rewards[i] as number), 0);
    const learnt = baseline.forward(situations).toArray();
    expect(Math.abs((learnt[0] as number) - mean)).toBeLessThan(0.2);
    expect(Math.abs((learnt[1] as number) - mean - 10)).toBeLessThan(0.2);

    const gradients = (learned: boolean) =>
      scope(() => {
        const { x, features, logs, reward } = play(key(8), DRAWS);
        const loss = reinforceLoss(logs, reward, { baseline: learned ? baseline.forward(features) : 6.8 });
        return Array.from(mul(grad(loss, [x])[0] as Tensor, DRAWS).toArray());
      });
    const [constant, learned] = [gradients(false), gradients(true)];
    expectMean(learned, exact());
    expect(total(learned, 5)).toBeLessThan(0.2 * total(constant, 5));
  });

  it('gets no gradient from the policy’s loss, and gives none to what it looks at', () => {
    const features = parameter(tensor([[1, 2]]));
    const b = baseline.forward(features);
    const logs = parameter(tensor([-1]));
    const weight = baseline.linear.weight;
    const policy = grad(reinforceLoss(logs, tensor([2]), { baseline: b }), [logs, weight]).map((g) => Array.from(g.toArray()));
    expect(policy[1]).toEqual([0, 0]);
    expect(policy[0]?.[0]).toBeCloseTo(b.item() - 2, 6);
    const own = grad(baselineLoss(b, tensor([3])), [features, weight]).map((g) => Array.from(g.toArray()));
    expect(own[0]).toEqual([0, 0]);
    expect(own[1]?.[0]).toBeCloseTo(2 * (b.item() - 3), 5);
  });

  it('is taught by what the mask counts alone', () => {
    const b = parameter(
      tensor([
        [1, 5],
        [2, 9],
      ]),
    );
    const loss = baselineLoss(b, tensor([3, 4]), {
      mask: tensor([
        [true, false],
        [true, false],
      ]),
    });
    expect(loss.item()).toBe((4 + 4) / 2);
    expect(Array.from((grad(loss, [b])[0] as Tensor).toArray())).toEqual([-2, 0, -2, 0]);
  });
});

describe('movingAverage', () => {
  it('weighs rewards by their age, and begins with the first', () => {
    let state: MovingAverage = { value: 0, weight: 0 };
    for (const reward of [4, 8, 2]) state = movingAverage(state, reward, { decay: 0.5 });
    expect(state.value).toBeCloseTo((4 * 0.25 + 8 * 0.5 + 2) / 1.75, 14);
    expect(movingAverage({ value: 0, weight: 0 }, 7).value).toBeCloseTo(7, 14);
    expect(() => movingAverage(state, 1, { decay: 1 })).toThrow('movingAverage: decay must be in [0, 1), got 1');
  });
});
