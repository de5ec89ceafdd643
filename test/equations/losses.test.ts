// Every loss and every target against its formula in plain float64.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { Linear } from '../../src/nn/linear.ts';
import * as entropies from '../../src/ops/entropy.ts';
import * as losses from '../../src/ops/loss.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import * as values from '../../src/train/choice/q-learning.ts';
import * as rewards from '../../src/train/choice/reinforce.ts';
import { real } from '../nn/row.ts';
import { at, logSoftmax, range, softmax, total } from './plain.ts';
import { rows } from './weights.ts';

const [ROWS, CLASSES] = [6, 4];
const logits = () => real(range(ROWS), [CLASSES], 1); // [6, 4]
const other = () => real(range(ROWS), [CLASSES], 2);
const share = () => real(range(ROWS), [CLASSES], 3); // made a share of 1 where one is wanted
const classes = [3, 0, 1, 0, 2, 1];
const target = () => tensor(Int32Array.from(classes));
const table = (make: () => Tensor) => rows(make());
const flat = (make: () => Tensor) => table(make).flat();
const mean = (x: readonly number[]) => total(x) / x.length;

/** −ln p of the class: of log-probabilities, or of logits; with smoothing, (1 − ε) of it and ε of the mean over all classes. */
const negative = (logs: readonly number[][], epsilon = 0) =>
  logs.map((row, i) => -(1 - epsilon) * at(row, at(classes, i)) - epsilon * mean(row));
const logs = () => table(logits).map((row) => [...logSoftmax(row)]);
const counted = (x: readonly number[], ignored: number) => x.filter((_, i) => classes[i] !== ignored);
const zeroed = (x: readonly number[], ignored: number) => x.map((v, i) => (classes[i] === ignored ? 0 : v));
const pairs = (f: (x: number, t: number) => number) => flat(logits).map((x, i) => f(x, at(flat(other), i)));
const huber = (d: number, beta: number) => (d < beta ? d ** 2 / (2 * beta) : d - beta / 2);

interface Row {
  op: string;
  name?: string;
  run: () => Tensor;
  wanted: () => readonly number[];
}

const [BATCH, STEPS] = [3, 2];
const logP = () => real(range(BATCH), [STEPS], 4);
const entropy = () => real(range(BATCH), [STEPS], 5);
const each = () => real(range(BATCH), [STEPS], 6); // a reward for each choice
const reward = () => tensor([1, -0.5, 2]);
const guess = [0.3, 0.1, -0.7];
const counts = [true, true, true, false, true, false];
const which = () => tensor([counts.slice(0, 2), counts.slice(2, 4), counts.slice(4)]);
const choices = (f: (b: number, i: number) => number) => range(BATCH * STEPS).map((i) => f(Math.floor(i / STEPS), i));
const given = [1, -0.5, 2];
const allowed = [[true, false, true], [false, false, false], [true, true, true]]; // biome-ignore format: rows of a mask
const next = () => real(range(BATCH), [3], 7);

/** Williams 1992 with a baseline; Xu et al. 2015, §4.1 with the entropy: −1/B Σ ((R − b) ln p + λ H). */
const reinforced = (r: (b: number, i: number) => number, lambda: number, real = (_: number) => true) =>
  -total(choices((b, i) => (real(i) ? r(b, i) * at(flat(logP), i) + lambda * at(flat(entropy), i) : 0))) / BATCH;

const rowsOf: Row[] = [
  { op: 'crossEntropy', run: () => losses.crossEntropy(logits(), target()), wanted: () => [mean(negative(logs()))] },
  {
    op: 'crossEntropy',
    name: 'none, ignoring',
    run: () => losses.crossEntropy(logits(), target(), { reduction: 'none', ignoreIndex: 0 }),
    wanted: () => zeroed(negative(logs()), 0),
  },
  {
    op: 'crossEntropy',
    name: 'mean of what is not ignored, smoothed (Szegedy et al. 2016, §7)',
    run: () => losses.crossEntropy(logits(), target(), { ignoreIndex: 1, labelSmoothing: 0.3 }),
    wanted: () => [mean(counted(negative(logs(), 0.3), 1))],
  },
  {
    op: 'nllLoss',
    name: 'sum, ignoring',
    run: () => losses.nllLoss(logits(), target(), { ignoreIndex: 0, reduction: 'sum' }),
    wanted: () => [total(counted(negative(table(logits)), 0))],
  },
  { op: 'nllLoss', run: () => losses.nllLoss(logits(), target()), wanted: () => [mean(negative(table(logits)))] },
  { op: 'mseLoss', run: () => losses.mseLoss(logits(), other()), wanted: () => [mean(pairs((x, t) => (x - t) ** 2))] },
  { op: 'l1Loss', run: () => losses.l1Loss(logits(), other()), wanted: () => [mean(pairs((x, t) => Math.abs(x - t)))] },
  {
    op: 'smoothL1Loss',
    name: 'Girshick 2015, eq. 3, where the two pieces meet at beta',
    run: () => losses.smoothL1Loss(logits(), other(), { beta: 0.6, reduction: 'sum' }),
    wanted: () => [total(pairs((x, t) => huber(Math.abs(x - t), 0.6)))],
  },
  {
    op: 'smoothL1Loss',
    run: () => losses.smoothL1Loss(logits(), other()),
    wanted: () => [mean(pairs((x, t) => huber(Math.abs(x - t), 1)))],
  },
  {
    op: 'binaryCrossEntropyWithLogits',
    run: () => {
      const t = share();
      for (const [i, v] of Array.from(t.toArray()).entries()) t.view()[i] = (v + 1) / 2;
      return losses.binaryCrossEntropyWithLogits(logits(), t);
    },
    wanted: () => {
      const p = flat(logits).map((x) => 1 / (1 + Math.exp(-x)));
      const t = flat(share).map((v) => (v + 1) / 2);
      return [mean(p.map((x, i) => -at(t, i) * Math.log(x) - (1 - at(t, i)) * Math.log(1 - x)))];
    },
  },
  {
    op: 'entropy',
    run: () => entropies.entropy(logits()),
    wanted: () => table(logits).map((x) => -total(softmax(x).map((p) => p * Math.log(p)))),
  },
  {
    op: 'reinforceLoss',
    name: 'a reward an example, a baseline each, entropy and mask',
    run: () => rewards.reinforceLoss(logP(), reward(), { baseline: tensor(guess), entropy: entropy(), entropyWeight: 0.2, mask: which() }),
    wanted: () => [
      reinforced(
        (b) => at(given, b) - at(guess, b),
        0.2,
        (i) => at(counts, i),
      ),
    ],
  },
  {
    op: 'reinforceLoss',
    name: 'a reward a choice, a number as baseline, the default weight of entropy',
    run: () => rewards.reinforceLoss(logP(), each(), { baseline: 0.4, entropy: entropy() }),
    wanted: () => [reinforced((_, i) => at(flat(each), i) - 0.4, 0.01)],
  },
  {
    op: 'reinforceLoss',
    name: 'bare',
    run: () => rewards.reinforceLoss(logP(), reward()),
    wanted: () => [reinforced((b) => at(given, b), 0)],
  },
  {
    op: 'baselineLoss',
    run: () => rewards.baselineLoss(each(), reward(), { mask: which() }),
    wanted: () => [mean(choices((b, i) => (at(flat(each), i) - at(given, b)) ** 2).filter((_, i) => counts[i]))],
  },
  {
    op: 'baselineLoss',
    name: 'of all',
    run: () => rewards.baselineLoss(each(), reward()),
    wanted: () => [mean(choices((b, i) => (at(flat(each), i) - at(given, b)) ** 2))],
  },
  {
    op: 'movingAverage',
    name: 'Σ decayᵏ R over Σ decayᵏ (Kingma and Ba 2015, §3, of one moment)',
    run: () => tensor([given.reduce((state, r) => rewards.movingAverage(state, r, { decay: 0.7 }), { value: 0, weight: 0 }).value]),
    wanted: () => [total(given.map((r, i) => r * 0.7 ** (2 - i))) / total(given.map((_, i) => 0.7 ** (2 - i)))],
  },
  {
    op: 'qTarget',
    name: 'Mnih et al. 2015, Methods: R + γ max Q⁻, R alone where nothing follows',
    run: () => values.qTarget(reward(), next(), { discount: 0.8, mask: tensor(allowed), done: tensor([false, false, true]) }),
    wanted: () => [1 + 0.8 * Math.max(at(at(table(next), 0), 0), at(at(table(next), 0), 2)), -0.5, 2],
  },
  {
    op: 'qTarget',
    run: () => values.qTarget(reward(), next()),
    wanted: () => table(next).map((q, b) => at(given, b) + 0.99 * Math.max(...q)),
  },
  {
    op: 'qLoss',
    name: 'the mean of Huber’s loss of the actions taken',
    run: () => values.qLoss(next(), tensor(Int32Array.of(2, 0, 1)), reward()),
    wanted: () => [mean([2, 0, 1].map((action, b) => huber(Math.abs(at(at(table(next), b), action) - at(given, b)), 1)))],
  },
  {
    op: 'epsilonGreedy',
    name: 'the best of those allowed, where nothing is explored',
    run: () => values.epsilonGreedy(key(1), tensor([[3, 5, 4], [1, 1, 0]]), { epsilon: 0, mask: tensor([[true, false, true], [true, true, true]]) }), // biome-ignore format: rows
    wanted: () => [2, 0],
  },
  {
    op: 'updateTarget',
    name: 'Lillicrap et al. 2016, algorithm 1: θ⁻ ← τ θ + (1 − τ) θ⁻',
    run: () => {
      const [to, from] = [new Linear({ input: 3, output: 2 }, key(1)), new Linear({ input: 3, output: 2 }, key(2))];
      values.updateTarget(to, from, { rate: 0.3 });
      return to.weight;
    },
    wanted: () => {
      const [to, from] = [1, 2].map((seed) => Array.from(new Linear({ input: 3, output: 2 }, key(seed)).weight.toArray())) as [
        number[],
        number[],
      ];
      return to.map((x, i) => 0.3 * at(from, i) + 0.7 * x);
    },
  },
];

const compare = ({ run, wanted }: Row, tolerance: number) =>
  scope(() => {
    const got = Array.from(run().toArray());
    const plain = wanted();
    expect(got.length).toBe(plain.length);
    got.forEach((x, i) => {
      expect(Math.abs(x - at(plain, i)), `${x} for ${plain[i]}`).toBeLessThanOrEqual(tolerance);
    });
  });

describe('losses', () => {
  it.each(rowsOf.map((row) => [row.name ? `${row.op}: ${row.name}` : row.op, row] as const))('%s', (_, row) => {
    withBackend(referenceBackend(), () => compare(row, 1e-13));
    compare(row, 4e-6);
  });

  it('of REINFORCE have the estimator’s gradient: −(R − b) / B to ln p, −λ / B to the entropy', () => {
    const [p, h] = [parameter(logP()), parameter(entropy())];
    const loss = rewards.reinforceLoss(p, reward(), { baseline: tensor(guess), entropy: h, entropyWeight: 0.2, mask: which() });
    const [ofP, ofH] = grad(loss, [p, h]).map((g) => Array.from(g.toArray())) as [number[], number[]];
    choices((b, i) => (counts[i] ? -(at(given, b) - at(guess, b)) / BATCH : 0)).forEach((g, i) => {
      expect(at(ofP, i)).toBeCloseTo(g, 6);
      expect(at(ofH, i)).toBeCloseTo(counts[i] ? -0.2 / BATCH : 0, 6);
    });
  });

  it('have a row each', () => {
    const exported = Object.entries({ ...losses, ...entropies, ...rewards, ...values }).flatMap(([name, value]) =>
      /^[a-z]/.test(name) && typeof value === 'function' ? [name] : [],
    );
    expect(exported).toEqual(expect.arrayContaining(['crossEntropy', 'reinforceLoss', 'qTarget']));
    expect(exported.filter((name) => !rowsOf.some(({ op }) => op === name))).toEqual([]);
  });
});
