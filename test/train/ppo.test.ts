// Proximal policy optimisation, each part beside its equation in plain numbers.
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { param } from '../../src/nn/module.ts';
import { entropy, logSoftmax, pick } from '../../src/ops/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { generalizedAdvantages, ppoLoss, rewardToGo, standardized } from '../../src/train/index.ts';
import { at, dice, range, total } from '../equations/plain.ts';
import { list } from '../nn/row.ts';

const drawn = (seed: number, shape: readonly number[], low = -1, high = 1) => {
  const die = dice(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: size }, () => low + die() * (high - low));
};
const close = (ours: readonly number[], theirs: readonly number[], digits = 5) => {
  expect(ours).toHaveLength(theirs.length);
  ours.forEach((one, i) => {
    expect(one).toBeCloseTo(at(theirs, i), digits);
  });
};

const [B, T] = [3, 6];
const reward = drawn(1, [B, T]);
const value = drawn(2, [B, T]);
const last = drawn(3, [B]);
const ends = [4, 8, 10]; // of the flat list: an episode ends in the midst
const done = tensor(
  Int32Array.from({ length: B * T }, (_, i) => (ends.includes(i) ? 1 : 0)),
  { shape: [B, T], dtype: 'bool' },
);
const shaped = (x: Float32Array, shape: readonly number[] = [B, T]) => tensor(x, { shape });

/** Schulman et al. 2016, eq. 16, as a plain sum over k for each step. */
function advantages(gamma: number, lambda: number, behind: ArrayLike<number> | null, stops: readonly number[]): number[] {
  const ended = (i: number) => stops.includes(i);
  const next = (b: number, t: number) => (t + 1 < T ? at([...value], b * T + t + 1) : (behind?.[b] ?? 0));
  const delta = (b: number, t: number) =>
    at([...reward], b * T + t) + (ended(b * T + t) ? 0 : gamma * next(b, t)) - at([...value], b * T + t);
  return range(B * T).map((i) => {
    const [b, t] = [Math.floor(i / T), i % T];
    const stop = range(T).find((s) => s >= t && ended(b * T + s)) ?? T - 1;
    return total(range(stop - t + 1).map((k) => (gamma * lambda) ** k * delta(b, t + k)));
  });
}

describe('generalizedAdvantages', () => {
  it.each([
    [0.99, 0.3],
    [1, 1],
    [0.9, 0],
    [0, 0.5],
  ])('is the sum of discounted errors, γ %s and λ %s', (discount, lambda) => {
    // biome-ignore format: one line
    for (const [behind, stops] of [[null, []], [last, []], [last, ends], [null, ends]] as const) {
      // biome-ignore format: one line
      const options = { discount, lambda, ...(behind && { last: shaped(behind, [B]) }), ...(stops.length > 0 && { done }) };
      const ours = generalizedAdvantages(shaped(reward), shaped(value), options);
      const theirs = advantages(discount, lambda, behind, stops);
      close(list(ours.advantages), theirs);
      close(
        list(ours.returns),
        theirs.map((a, i) => a + at([...value], i)),
      );
    }
  });

  it('gives no gradient', () => {
    const worth = param(() => shaped(value));
    expect(generalizedAdvantages(shaped(reward), worth).returns.requiresGrad).toBe(false);
  });

  it('says what it cannot take', () => {
    const [r, v] = [shaped(reward), shaped(value)];
    expect(() => generalizedAdvantages(r, zeros([B, T + 1]))).toThrow('generalizedAdvantages: value must be [3, 6], got [3, 7]');
    expect(() => generalizedAdvantages(zeros([3]), v)).toThrow('generalizedAdvantages: reward must be [B, T] with T from 1, got [3]');
    expect(() => generalizedAdvantages(r, v, { discount: 1.1 })).toThrow('generalizedAdvantages: discount must be in [0, 1], got 1.1');
    expect(() => generalizedAdvantages(r, v, { lambda: Number.NaN })).toThrow('generalizedAdvantages: lambda must be in [0, 1], got NaN');
    expect(() => generalizedAdvantages(r, v, { last: zeros([4]) })).toThrow('generalizedAdvantages: last must be [3], got [4]');
    expect(() => generalizedAdvantages(r, v, { done: zeros([3, 6]) })).toThrow('generalizedAdvantages: done must be bool, got float32');
    expect(() => rewardToGo(r, { gamma: 1 } as never)).toThrow('rewardToGo: options must be among discount, done, got gamma');
  });
});

describe('rewardToGo', () => {
  it('is the plain sum of what comes, each reward discounted, up to the end of the episode', () => {
    const sums = (stops: readonly number[]) =>
      range(B * T).map((i) => {
        const stop = range(B * T).find((s) => s >= i && (stops.includes(s) || s % T === T - 1)) ?? 0;
        return total(range(stop - i + 1).map((k) => 0.9 ** k * at([...reward], i + k)));
      });
    close(list(rewardToGo(shaped(reward), { discount: 0.9 })), sums([]));
    close(list(rewardToGo(shaped(reward), { discount: 0.9, done })), sums(ends));
  });
});

describe('standardized', () => {
  it('has mean 0 and deviation 1, over what counts', () => {
    const x = drawn(4, [B, T], 3, 9);
    const mask = tensor(
      Int32Array.from({ length: B * T }, (_, i) => (i % 4 === 0 ? 0 : 1)),
      { shape: [B, T], dtype: 'bool' },
    );
    for (const only of [undefined, mask]) {
      const counted = [...x].filter((_, i) => !only || i % 4 !== 0);
      const mean = total(counted) / counted.length;
      const deviation = Math.sqrt(total(counted.map((one) => (one - mean) ** 2)) / counted.length);
      const theirs = [...x].map((one, i) => (only && i % 4 === 0 ? 0 : (one - mean) / deviation));
      close(list(standardized(shaped(x), only ? { mask: only } : {})), theirs);
    }
    expect(list(standardized(zeros([2, 2])))).toEqual([0, 0, 0, 0]);
  });
});

describe('ppoLoss', () => {
  const K = 4;
  const logits = drawn(5, [B, T, K], -2, 2);
  const old = drawn(6, [B, T], -2.2, -0.5);
  const gains = drawn(7, [B, T]);
  const actions = Int32Array.from({ length: B * T }, (_, i) => (i * 7) % K);
  const mask = tensor(
    Int32Array.from({ length: B * T }, (_, i) => (i % 5 === 0 ? 0 : 1)),
    { shape: [B, T], dtype: 'bool' },
  );

  /** Value and gradient to the logits, from the paper's equation: where the smaller term is the clipped one, nothing is learnt. */
  function theirs(clip: number, weight: number, masked: boolean): { value: number; gradient: number[]; clipped: number } {
    const counts = (i: number) => !masked || i % 5 !== 0;
    const count = range(B * T).filter(counts).length;
    let [value, clipped] = [0, 0];
    const gradient = range(B * T).flatMap((i) => {
      const row = [...logits.subarray(i * K, (i + 1) * K)];
      const all = total(row.map(Math.exp));
      const p = row.map((one) => Math.exp(one) / all);
      const h = -total(p.map((one) => one * Math.log(one)));
      const action = at([...actions], i);
      const gain = at([...gains], i);
      const ratio = at(p, action) / Math.exp(at([...old], i));
      const within = Math.min(Math.max(ratio, 1 - clip), 1 + clip);
      if (!counts(i)) return row.map(() => 0);
      value -= (Math.min(ratio * gain, within * gain) + weight * h) / count;
      const learns = ratio === within || ratio * gain < within * gain;
      if (!learns) clipped++;
      return p.map((one, j) => {
        const policy = learns ? gain * ratio * ((j === action ? 1 : 0) - one) : 0;
        return -(policy - weight * one * (Math.log(one) + h)) / count;
      });
    });
    return { value, gradient, clipped };
  }

  it.each([
    [0.2, 0, false],
    [0.1, 0.05, false],
    [0.5, 0.01, true],
  ])('has the value and gradient of the paper, ε %s, λ %s, mask %s', (clip, weight, masked) => {
    // biome-ignore format: one line
    const x = param(() => tensor(logits, { shape: [B, T, K] }));
    const now = pick(logSoftmax(x), tensor(actions, { shape: [B, T] }));
    const extra = { ...(weight > 0 && { entropy: entropy(x), entropyWeight: weight }), ...(masked && { mask }) };
    const loss = ppoLoss(now, shaped(old), shaped(gains), { clip, ...extra });
    backward(loss);
    const { value, gradient, clipped } = theirs(clip, weight, masked);
    expect(loss.item()).toBeCloseTo(value, 5);
    expect(clipped).toBeGreaterThan(2);
    if (!x.grad) throw new Error('no gradient');
    close(list(x.grad), gradient, 6);
  });

  it('begins as the gradient of advantage times log-probability', () => {
    const now = param(() => shaped(old));
    backward(ppoLoss(now, shaped(old), shaped(gains)));
    if (!now.grad) throw new Error('no gradient');
    close(
      list(now.grad),
      [...gains].map((gain) => -gain / (B * T)),
      7,
    );
  });

  it('says what it cannot take', () => {
    const [p, a] = [shaped(old), shaped(gains)];
    expect(() => ppoLoss(p, zeros([3, 5]), a)).toThrow('ppoLoss: old must be [3, 6], got [3, 5]');
    expect(() => ppoLoss(p, p, zeros([3]))).toThrow('ppoLoss: advantages must be [3, 6], got [3]');
    expect(() => ppoLoss(p, p, a, { clip: 0 })).toThrow('ppoLoss: clip must be between 0 and 1, got 0');
    expect(() => ppoLoss(p, p, a, { entropy: zeros([3]) })).toThrow('ppoLoss: entropy must be [3, 6], got [3]');
    expect(() => ppoLoss(zeros([0]), zeros([0]), zeros([0]))).toThrow('ppoLoss: logProbability must hold at least one choice, got [0]');
    expect(() => ppoLoss(p, p, a, { epsilon: 1 } as never)).toThrow(
      'ppoLoss: options must be among clip, entropy, entropyWeight, mask, got epsilon',
    );
  });
});
