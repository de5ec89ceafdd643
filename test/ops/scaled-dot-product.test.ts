// Scaled dot-product attention: the composed form, masks of every shape, and the bits that it promises.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import {
  type AttentionOptions,
  add,
  and,
  matmul,
  mul,
  scaledDotProductAttention,
  slice,
  softmax,
  square,
  sum,
} from '../../src/ops/index.ts';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';
import { detach, full, ones, tensor } from '../../src/tensor/create.ts';
import { key, randomInt } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const draw = (shape: Shape, seed: number, f: (i: number) => number) =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => f(randomInt(key(seed), i, 2 ** 20)));
const real = (shape: Shape, seed: number) =>
  tensor(
    draw(shape, seed, (i) => i / 2 ** 18 - 2),
    { shape },
  );
const bool = (shape: Shape, seed: number) =>
  tensor(Int32Array.from(draw(shape, seed, (i) => (i % 10 < 7 ? 1 : 0))), { shape, dtype: 'bool' });
const list = (x: Tensor) => Array.from(x.toArray());
const bits = (x: Tensor) => Array.from(new Int32Array(Float32Array.from(x.toArray()).buffer));
const operands = (lead: Shape, t: number, s: number, d: number, v: number = d): [Tensor, Tensor, Tensor] => [
  real([...lead, t, d], 1),
  real([...lead, s, d], 2),
  real([...lead, s, v], 3),
];

/** bool [T, S]: true where s ≤ t + S − T. */
const past = (t: number, s: number) =>
  tensor(
    Int32Array.from({ length: t * s }, (_, i) => (i % s <= Math.floor(i / s) + s - t ? 1 : 0)),
    { shape: [t, s], dtype: 'bool' },
  );

function composed([q, k, v]: [Tensor, Tensor, Tensor], { mask, bias, causal }: AttentionOptions) {
  const scaled = mul(matmul(q, k, { transposeB: true }), 1 / Math.sqrt(q.shape.at(-1) as number));
  const [t, s] = scaled.shape.slice(-2) as [number, number];
  const both = causal ? (mask ? and(mask, past(t, s)) : past(t, s)) : mask;
  const weights = softmax(bias ? add(scaled, bias) : scaled, both ? { mask: both } : {});
  return { output: matmul(weights, v), weights };
}

/** Largest difference relative to the largest element. */
function off(got: Tensor, wanted: Tensor): number {
  const [a, b] = [list(got), list(wanted)];
  expect(got.shape).toEqual(wanted.shape);
  const scale = b.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
  return a.reduce((most, x, i) => {
    const d = Math.abs(x - (b[i] as number)) / scale;
    return d <= most ? most : d;
  }, 0);
}

describe('scaled dot-product attention equals its composition in value and gradients', () => {
  const sizes = [
    [1, 1, 1, 1],
    [3, 65, 1, 3],
    [63, 3, 65, 1],
    [65, 63, 3, 65],
    [1, 257, 63, 64],
    [257, 130, 64, 63],
    [9, 515, 5, 4],
  ] as const;
  const [b, h] = [2, 3];
  const options: [string, (t: number, s: number) => AttentionOptions][] = [
    ['nothing', () => ({})],
    ['causal', () => ({ causal: true })],
    ['a mask [T, S]', (t, s) => ({ mask: bool([t, s], 4) })],
    ['a mask [S], causal', (_, s) => ({ mask: bool([s], 4), causal: true })],
    ['a mask [B, 1, 1, S]', (_, s) => ({ mask: bool([b, 1, 1, s], 4) })],
    ['a mask [H, T, 1]', (t) => ({ mask: bool([h, t, 1], 4) })],
    ['a mask [B, H, T, S], a bias [H, T, S]', (t, s) => ({ mask: bool([b, h, t, s], 4), bias: parameter(real([h, t, s], 5)) })],
    ['a mask [1, 1], a bias [B, 1, T, 1]', (t) => ({ mask: full([1, 1], 1, 'bool'), bias: real([b, 1, t, 1], 5) })], // its gradient is 0 but for rounding
    ['a bias [S], causal', (_, s) => ({ bias: parameter(real([s], 5)), causal: true })],
    ['a bias [B, 1, 1, S]', (_, s) => ({ bias: parameter(real([b, 1, 1, s], 5)) })],
    ['a bias []', () => ({ bias: real([], 5) })],
  ];
  it.each(options)('with %s', (_, make) => {
    for (const [t, s, d, v] of sizes) {
      const xs = operands([b, h], t, s, d, v).map(parameter) as [Tensor, Tensor, Tensor];
      const given = make(t, s);
      const ours = scaledDotProductAttention(...xs, { ...given, weights: true });
      const theirs = composed(xs, given);
      // Scores of up to 65 terms and 257 weights in another order: some n · 2^-24.
      expect(off(ours.output, theirs.output)).toBeLessThanOrEqual(4e-6);
      expect(off(ours.weights, theirs.weights)).toBeLessThanOrEqual(4e-6);
      const inputs = [...xs, ...(given.bias?.leaf ? [given.bias] : [])];
      const gradient = real([b, h, t, v], 6);
      const plain = scaledDotProductAttention(...xs, given);
      const wanted = grad(theirs.output, inputs, { gradient });
      for (const y of [plain.output, ours.output]) {
        grad(y, inputs, { gradient }).forEach((g, i) => {
          expect(off(g, wanted[i] as Tensor), `gradient ${i} of ${[t, s, d, v]}`).toBeLessThanOrEqual(8e-6);
        });
      }
    }
  });

  it('of any rank', () => {
    for (const lead of [[], [3], [2, 1, 3], [2, 1, 2, 2]]) {
      const xs = operands(lead, 9, 10, 4, 5);
      for (const mask of [bool([10], 4), bool([9, 10], 4), bool([...lead.map((n, i) => (i % 2 ? 1 : n)), 9, 1], 4)]) {
        const ours = scaledDotProductAttention(...xs, { mask, weights: true });
        const theirs = composed(xs, { mask });
        expect(off(ours.output, theirs.output)).toBeLessThanOrEqual(2e-6);
        expect(off(ours.weights, theirs.weights)).toBeLessThanOrEqual(2e-6);
      }
    }
  });

  it('with a mask and a bias for each of the leading axes, the last of which has length 1', () => {
    const lead = [2, 3, 1];
    const xs = operands(lead, 4, 5, 3);
    const given = { mask: bool([...lead, 4, 5], 4), bias: real([...lead, 4, 5], 5) };
    const [ours, theirs] = [scaledDotProductAttention(...xs, { ...given, weights: true }), composed(xs, given)];
    expect(off(ours.output, theirs.output)).toBeLessThanOrEqual(4e-6);
    expect(off(ours.weights, theirs.weights)).toBeLessThanOrEqual(4e-6);
  });

  it('where the weights have a gradient too', () => {
    const xs = operands([2], 5, 7, 3).map(parameter) as [Tensor, Tensor, Tensor];
    const loss = ({ output, weights }: { output: Tensor; weights: Tensor }) => add(sum(square(output)), sum(square(weights)));
    const got = grad(loss(scaledDotProductAttention(...xs, { weights: true })), xs);
    const wanted = grad(loss(composed(xs, {})), xs);
    got.forEach((g, i) => expect(off(g, wanted[i] as Tensor)).toBeLessThanOrEqual(2e-6));
  });
});

describe('its bits', () => {
  const xs = operands([2, 2], 150, 400, 20, 24);
  const whole = scaledDotProductAttention(...xs, { causal: true, weights: true });

  it('are the same with and without weights', () => {
    expect(bits(scaledDotProductAttention(...xs, { causal: true }).output)).toEqual(bits(whole.output));
  });

  it('are the same for one query with the keys up to it: a cached step is the row of the whole', () => {
    const [q, k, v] = xs;
    for (const t of [0, 4, 5, 7, 8, 63, 64, 78, 127, 149]) {
      const n = t + 251;
      const cached = [slice(k, 2, 0, n), slice(v, 2, 0, n)] as const;
      const step = scaledDotProductAttention(slice(q, 2, t, t + 1), ...cached, { causal: true, weights: true });
      expect(bits(step.output)).toEqual(bits(slice(whole.output, 2, t, t + 1)));
      expect(bits(step.weights)).toEqual(bits(slice(slice(whole.weights, 2, t, t + 1), 3, 0, n)));
    }
  });

  it('are the same for some of the queries', () => {
    const [q, k, v] = xs;
    const mask = bool([150, 400], 4);
    const all = scaledDotProductAttention(q, k, v, { mask }).output;
    for (const [from, to] of [
      [0, 5],
      [3, 40],
      [61, 150],
    ] as const) {
      const some = scaledDotProductAttention(slice(q, 2, from, to), k, v, { mask: slice(mask, 0, from, to) });
      expect(bits(some.output)).toEqual(bits(slice(all, 2, from, to)));
    }
  });

  it('are the same alone and in a batch, gradients too', () => {
    const inputs = xs.map(parameter) as [Tensor, Tensor, Tensor];
    const gradient = real([2, 2, 150, 24], 6);
    const all = grad(scaledDotProductAttention(...inputs).output, inputs, { gradient });
    for (const b of [0, 1]) {
      const one = inputs.map((x) => parameter(detach(slice(x, 0, b, b + 1)))) as [Tensor, Tensor, Tensor];
      const y = scaledDotProductAttention(...one).output;
      grad(y, one, { gradient: slice(gradient, 0, b, b + 1) }).forEach((g, i) => {
        expect(bits(g)).toEqual(bits(slice(all[i] as Tensor, 0, b, b + 1)));
      });
    }
  });

  it('do not know of masked keys and of masked queries behind, whatever they hold', () => {
    const [t, s, d] = [70, 250, 12];
    const run = (queries: number, keys: number, junk: number) => {
      const padded = (x: Tensor, n: number) => {
        const [b = 0, h = 0, m = 0, w = 0] = x.shape;
        const y = full([b, h, n, w], junk);
        const [from, to] = [x.view(), y.view()];
        for (let i = 0; i < b * h; i++) to.set(from.subarray(i * m * w, (i + 1) * m * w), i * n * w);
        return parameter(y);
      };
      const [q, k, v] = operands([2, 2], t, s, d);
      const inputs = [padded(q, queries), padded(k, keys), padded(v, keys)] as [Tensor, Tensor, Tensor];
      const mask = tensor(
        Int32Array.from({ length: queries * keys }, (_, i) => (i % keys < s && Math.floor(i / keys) < t ? 1 : 0)),
        { shape: [queries, keys], dtype: 'bool' },
      );
      const y = scaledDotProductAttention(...inputs, { mask }).output;
      const gradients = grad(slice(y, 2, 0, t), inputs, { gradient: real([2, 2, t, d], 6) });
      return [slice(y, 2, 0, t), ...gradients.map((g, i) => slice(g, 2, 0, i === 0 ? t : s))].map(bits);
    };
    const wanted = run(t, s, 1);
    for (const [queries, keys, junk] of [
      [t, s + 1, 3],
      [t, s + 90, Number.NaN],
      [t, 512, Number.POSITIVE_INFINITY],
      [t + 3, s + 5, -1e30],
      [t + 60, s + 300, 7],
    ] as const) {
      expect(run(queries, keys, junk)).toEqual(wanted);
    }
  });

  it('do not know of what causal hides, NaN in values included', () => {
    const [q, k, v] = operands([1], 20, 20, 8);
    const wanted = bits(slice(scaledDotProductAttention(q, k, v, { causal: true }).output, 1, 0, 11));
    for (const x of [k, v]) x.view().fill(Number.NaN, 11 * 8);
    const got = scaledDotProductAttention(q, k, v, { causal: true }).output;
    expect(bits(slice(got, 1, 0, 11))).toEqual(wanted);
    expect(list(slice(got, 1, 11, 20)).every(Number.isNaN)).toBe(true);
  });
});

describe('a query with nothing to look at', () => {
  it('has output, weights and gradients 0', () => {
    const xs = operands([2], 4, 6, 3).map(parameter) as [Tensor, Tensor, Tensor];
    const bias = parameter(real([4, 6], 5));
    for (const options of [{ mask: full([4, 6], 0, 'bool') }, { mask: full([1], 0, 'bool') }, { bias: full([4, 1], -Infinity) }]) {
      const { output, weights } = scaledDotProductAttention(...xs, { bias, ...options, weights: true });
      for (const y of [output, weights]) expect(list(y).every((x) => x === 0)).toBe(true);
      const only = scaledDotProductAttention(...xs, { bias, ...options }).output;
      for (const g of grad(only, xs, { gradient: ones(only.shape) })) expect(list(g).every((x) => x === 0)).toBe(true);
    }
    const early = scaledDotProductAttention(...operands([1], 9, 4, 3), { causal: true }).output;
    expect(list(slice(early, 1, 0, 5)).every((x) => x === 0)).toBe(true);
    expect(list(slice(early, 1, 5, 6)).every((x) => x !== 0)).toBe(true);
    expect(list(scaledDotProductAttention(...operands([1], 2, 0, 3)).output)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('does not hide NaN and ∞ that may be seen', () => {
    const [q, k, v] = operands([1], 2, 5, 4);
    v.view()[9] = Number.NaN;
    const y = list(scaledDotProductAttention(q, k, v, { mask: full([5], 1, 'bool') }).output);
    expect(y.map(Number.isNaN)).toEqual([false, true, false, false, false, true, false, false]);
    k.view()[9] = Number.NaN;
    expect(list(scaledDotProductAttention(q, k, v).output).every(Number.isNaN)).toBe(true);
  });
});

describe('what it refuses', () => {
  it('says so', () => {
    const [q, k, v] = operands([2], 4, 6, 3);
    expect(() => scaledDotProductAttention(q, k, v, { mask: ones([4, 6]) })).toThrow(
      'scaledDotProductAttention: mask must be bool, got float32',
    );
    expect(() => scaledDotProductAttention(q, k, v, { mask: bool([6, 4], 4) })).toThrow('shapes must broadcast, got [6, 4] and [2, 4, 6]');
    expect(() => scaledDotProductAttention(q, k, v, { bias: ones([3, 2, 4, 6]) })).toThrow('must broadcast');
    expect(() => scaledDotProductAttention(q, v, real([2, 5, 3], 1))).toThrow(
      'query, keys and values must be [..., T, D], [..., S, D] and [..., S, V], got [2, 4, 3], [2, 6, 3] and [2, 5, 3]',
    );
  });
});

describe('its memory', () => {
  it('grows with the length, forward and backward', async () => {
    withBackend(await wasmBackend(), () => {
      const xs = operands([1, 1], 2048, 2048, 16).map(parameter) as [Tensor, Tensor, Tensor];
      const { bytes } = backend().heap.report();
      const y = scaledDotProductAttention(...xs, { causal: true }).output;
      grad(y, xs, { gradient: ones(y.shape) });
      // 2,048 queries by 2,048 keys would be 16 MB. Results, gradients and workspace are some ten times the 128 KB of an input.
      expect(backend().heap.report().peak - bytes).toBeLessThanOrEqual(2 * 2 ** 20);
    });
  });
});

it('refuses a scale that is no number, and flags that are none', () => {
  const call = (options: object) => scaledDotProductAttention(...operands([1], 2, 3, 4), options);
  const op = 'scaledDotProductAttention';
  for (const scale of [Number.NaN, Infinity, '2']) expect(() => call({ scale })).toThrow(`${op}: scale must be a finite number, got `);
  for (const name of ['causal', 'weights']) expect(() => call({ [name]: 'no' })).toThrow(`${op}: ${name} must be true or false, got 'no'`);
});
