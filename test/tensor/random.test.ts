import { describe, expect, expectTypeOf, it } from 'vitest';
import { categorical, dropout, gumbel, normal, uniform } from '../../src/ops/random.ts';
import { kernels } from '../../src/runtime/backend.ts';
import { threefry } from '../../src/runtime/threefry.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { foldIn, type Key, key, permutation, randomInt, split } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { empty, type Tensor } from '../../src/tensor/tensor.ts';

const hex = (words: readonly number[]) => words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(' ');
const values = (make: () => Tensor) => scope(() => Array.from(make().toArray()));
const mean = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;

/** Σ (observed − expected)² / expected. */
const chiSquare = (counts: readonly number[], expected: readonly number[]) =>
  counts.reduce((sum, count, i) => sum + (count - (expected[i] as number)) ** 2 / (expected[i] as number), 0);

/** Largest distance from the empirical distribution to `cdf`, times √n: above 1.95 with probability 0.001 (Kolmogorov). */
function kolmogorov(xs: readonly number[], cdf: (x: number) => number): number {
  const sorted = [...xs].sort((a, b) => a - b);
  let most = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    most = Math.max(most, p - i / xs.length, (i + 1) / xs.length - p);
  });
  return most * Math.sqrt(xs.length);
}

/** Φ(x) by Simpson's rule. */
function normalCdf(x: number): number {
  const steps = 200;
  const h = x / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const t = i * h;
    sum += Math.exp((-t * t) / 2) * (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2);
  }
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}

const COUNT = 40_000;

describe('Threefry-2x32-20', () => {
  // Random123 1.14, tests/kat_vectors: counter, key, result.
  it.each([
    [[0, 0], [0, 0], '6b200159 99ba4efe'],
    [[-1, -1], [-1, -1], '1cb996fc bb002be7'],
    [[0x243f6a88, 0x85a308d3], [0x13198a2e, 0x03707344], 'c4923a9c 483df7a0'],
  ] as const)('gives the published words of counter %s under key %s', (counter, [k0, k1], wanted) => {
    expect(hex(threefry(k0, k1, counter[0], counter[1]))).toBe(wanted);
  });

  it('is what the kernels draw from: 24 bits of the first word of the counter (0, i)', () => {
    const drawn = values(() => uniform({ hi: 0x13198a2e, lo: 0x03707344 }, [103]));
    expect(drawn.map((value) => value * 2 ** 24)).toEqual(drawn.map((_, i) => threefry(0x13198a2e, 0x03707344, 0, i)[0] >>> 8));
  });
});

describe('keys', () => {
  it('are independent of each other and of the draws', () => {
    const from = key(1);
    const made = [from, ...split(from, 50), ...Array.from({ length: 50 }, (_, i) => foldIn(from, i))];
    expect(new Set(made.map(({ hi, lo }) => hex([hi, lo]))).size).toBe(101);
    expect(values(() => uniform(foldIn(from, 0), [4]))).not.toEqual(values(() => uniform(foldIn(from, 1), [4])));
  });

  it('take seeds of 53 bits', () => {
    expect(key(2 ** 53 - 1)).toEqual({ hi: 0x1fffff, lo: -1 });
    expect(() => key(-1)).toThrow('key: seed must be a whole number from 0 to 2^53 - 1, got -1');
  });

  it('are not numbers: a seed in place of a key is refused wherever a key is taken', () => {
    const taking: Record<string, (from: Key) => unknown> = {
      split: (from) => split(from),
      foldIn: (from) => foldIn(from, 1),
      randomInt: (from) => randomInt(from, 0, 5),
      permutation: (from) => permutation(from, 0),
      uniform: (from) => uniform(from, [2]),
      normal: (from) => normal(from, [2]),
      gumbel: (from) => gumbel(from, [2]),
      categorical: (from) => categorical(from, ones([2, 3])),
      dropout: (from) => dropout(ones([2]), 0.5, from),
    };
    for (const [op, take] of Object.entries(taking)) {
      for (const from of [7, undefined, null, 'seed', {}, { hi: 1 }, { hi: 0.5, lo: 1 }, [1, 2]]) {
        expect(() => take(from as unknown as Key), `${op} of ${from}`).toThrow(
          `${op}: key must be made by key(seed), split or foldIn, got `,
        );
      }
    }
  });

  it('are folded with whole numbers of 32 bits, and no two of those give the same key', () => {
    for (const i of [Number.NaN, 0.5, 2 ** 32, 2 ** 32 + 5, -(2 ** 31) - 1, Number.POSITIVE_INFINITY, '3', undefined]) {
      expect(() => foldIn(key(1), i as number)).toThrow(`foldIn: i must be a whole number from 0 to 4294967295, got `);
      expect(() => randomInt(key(1), i as number, 5)).toThrow(`randomInt: i must be a whole number from 0 to 4294967295, got `);
    }
    const made = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].map((i) => foldIn(key(1), i));
    expect(new Set(made.map(({ hi, lo }) => hex([hi, lo]))).size).toBe(5);
  });

  it('are split and draw by whole numbers', () => {
    for (const count of [Number.NaN, -1, 1.5])
      expect(() => split(key(1), count)).toThrow('split: count must be a whole number from 0, got ');
    for (const bound of [Number.NaN, 0, -1, 1.5])
      expect(() => randomInt(key(1), 0, bound)).toThrow('randomInt: bound must be a whole number from 1');
    for (const length of [Number.NaN, -1, 1.5]) {
      expect(() => permutation(key(1), length)).toThrow('permutation: length must be a whole number from 0 to 2147483647, got ');
    }
  });

  it('come as a tuple where it is known how many', () => {
    const [a, b, c] = split(key(1), 3);
    expectTypeOf(c).toEqualTypeOf<Key>();
    expectTypeOf(split(key(1))).toEqualTypeOf<[Key, Key]>();
    expectTypeOf(split(key(1), 8)).toEqualTypeOf<[Key, Key, Key, Key, Key, Key, Key, Key]>();
    expectTypeOf(split(key(1), 9)).toEqualTypeOf<Key[]>();
    const some: number = 3;
    expectTypeOf(split(key(1), some)).toEqualTypeOf<Key[]>();
    expect([a, b, c]).toEqual(split(key(1), some));
  });

  it('order every permutation of three alike', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = permutation(key(i), 3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // 5 degrees of freedom: above 20.5 with probability 0.001.
    expect(chiSquare([...counts.values()], Array(6).fill(1000))).toBeLessThan(20.5);
    expect(counts.size).toBe(6);
  });

  it('give whole numbers below a bound', () => {
    const counts: number[] = Array(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[randomInt(key(9), i, 10)] = (counts[randomInt(key(9), i, 10)] as number) + 1;
    expect(chiSquare(counts, Array(10).fill(1000))).toBeLessThan(27.9);
  });
});

describe.each([
  ['uniform', (n: number) => uniform(key(11), [n])],
  ['normal', (n: number) => normal(key(11), [n])],
  ['gumbel', (n: number) => gumbel(key(11), [n])],
  ['dropout', (n: number) => dropout(ones([n]), 0.5, key(11))],
] as const)('%s', (_, draw) => {
  it('is drawn again from the same key, and starts a longer draw', () => {
    const long = values(() => draw(100));
    for (const n of [0, 1, 2, 3, 4, 5, 31, 100]) expect(values(() => draw(n))).toEqual(long.slice(0, n));
  });

  it('has uncorrelated neighbours', () => {
    const xs = values(() => draw(COUNT));
    const m = mean(xs);
    const variance = mean(xs.map((x) => (x - m) ** 2));
    for (const lag of [1, 2, 4]) {
      const covariance = mean(xs.slice(lag).map((x, i) => (x - m) * ((xs[i] as number) - m)));
      // The standard error of a correlation is 1/√n.
      expect(Math.abs(covariance / variance) * Math.sqrt(COUNT)).toBeLessThan(3.3);
    }
  });
});

describe('what is drawn', () => {
  it('is uniform', () => {
    const xs = values(() => uniform(key(21), [COUNT], { low: -2, high: 6 }));
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...xs)).toBeLessThan(6);
    expect(kolmogorov(xs, (x) => (x + 2) / 8)).toBeLessThan(1.95);
  });

  it('never reaches high, though rounding would carry it there', () => {
    // Of [2²⁴ − 1, 2²⁴) float32 holds only the lower end: half the draws round up.
    expect(new Set(values(() => uniform(key(1), [100], { low: 2 ** 24 - 1, high: 2 ** 24 })))).toEqual(new Set([2 ** 24 - 1]));
    expect(Math.max(...values(() => uniform(key(1), [100], { low: -1e-45, high: 0 })))).toBeLessThan(0);
  });

  it('is normal', () => {
    const xs = values(() => normal(key(22), [COUNT], { mean: 3, std: 2 })).map((x) => (x - 3) / 2);
    expect(kolmogorov(xs, normalCdf)).toBeLessThan(1.95);
    // Standard errors of the moments: 1/√n, √(2/n), √(15/n) (of x³), √(96/n) (of x⁴).
    const root = Math.sqrt(COUNT);
    expect(Math.abs(mean(xs)) * root).toBeLessThan(3.3);
    expect(Math.abs(mean(xs.map((x) => x ** 2)) - 1) * root).toBeLessThan(3.3 * Math.sqrt(2));
    expect(Math.abs(mean(xs.map((x) => x ** 3))) * root).toBeLessThan(3.3 * Math.sqrt(15));
    expect(Math.abs(mean(xs.map((x) => x ** 4)) - 3) * root).toBeLessThan(3.3 * Math.sqrt(96));
  });

  it('is Gumbel', () => {
    const xs = values(() => gumbel(key(23), [COUNT]));
    expect(kolmogorov(xs, (x) => Math.exp(-Math.exp(-x)))).toBeLessThan(1.95);
  });

  it('is finite whatever the word', () => {
    // Many words, among them the smallest and largest of 23 bits with high probability.
    const xs = scope(() => {
      const x = empty([2 ** 21]);
      let least = Infinity;
      for (let seed = 0; seed < 8; seed++) {
        kernels.normal(x.ptr, x.size, seed, 1, 0, 1, 0);
        if (!x.view().every(Number.isFinite)) return Number.NaN;
        kernels.gumbel(x.ptr, x.size, seed, 1, 0);
        if (!x.view().every(Number.isFinite)) return Number.NaN;
        least = Math.min(least, ...new Set(x.view().filter((v) => v < -2.6)));
      }
      return least;
    });
    // −ln(−ln 2⁻²⁴) = −2.81
    expect(xs).toBeGreaterThan(-2.82);
  });

  it('is chosen by softmax', () => {
    const logits = [0, 1, -Infinity, 2, -1, 0.5];
    const rows = 20_000;
    const chosen = values(() => categorical(key(24), tensor(Array.from({ length: rows }, () => logits))));
    const weights = logits.map(Math.exp);
    const total = weights.reduce((a, b) => a + b);
    const counts = logits.map((_, j) => chosen.filter((c) => c === j).length);
    expect(counts[2]).toBe(0);
    const kept = [0, 1, 3, 4, 5];
    // 4 degrees of freedom: above 18.5 with probability 0.001.
    expect(
      chiSquare(
        kept.map((j) => counts[j] as number),
        kept.map((j) => ((weights[j] as number) / total) * rows),
      ),
    ).toBeLessThan(18.5);
  });

  it('is dropped with probability p, and scaled so that the mean stays', () => {
    for (const p of [0.1, 0.5, 0.9]) {
      const xs = values(() => dropout(ones([COUNT]), p, key(25)));
      const dropped = xs.filter((x) => x === 0).length;
      expect(Math.abs(dropped - p * COUNT) / Math.sqrt(COUNT * p * (1 - p))).toBeLessThan(3.3);
      for (const x of xs) if (x !== 0) expect(x).toBeCloseTo(1 / (1 - p), 5);
    }
  });
});

describe('errors', () => {
  it('name the op, the rule and the values', () => {
    expect(() => uniform(key(0), [2], { low: 1, high: 1 })).toThrow('uniform: low must be below high, got 1 and 1');
    expect(() => uniform(key(0), [2], { low: -3e38, high: 3e38 })).toThrow(
      'uniform: low and high must be no further apart than float32 holds, got -3e+38 and 3e+38',
    );
    expect(() => key('1' as never)).toThrow("key: seed must be a whole number from 0 to 2^53 - 1, got '1'");
    expect(() => normal(key(0), [2], { std: -1 })).toThrow('normal: mean must be finite and std at least 0, got 0 and -1');
    expect(() => dropout(ones([2]), 1, key(0))).toThrow('dropout: p must be in [0, 1), got 1');
    expect(() => categorical(key(0), tensor([[1], [-Infinity]]))).toThrow(
      'categorical: each row must have a logit above −∞, got none in row 1',
    );
    expect(() => categorical(key(0), tensor(1))).toThrow('categorical: logits must have a last axis to choose from, got shape []');
  });
});
