// Scaled dot-product attention whose keys have fewer heads than queries, or rows to spare: the bits of keys that are copied, without the copy.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { type AttentionOptions, add, concat, expand, reshape, scaledDotProductAttention, slice, square, sum } from '../../src/ops/index.ts';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';
import { detach, full, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, padding, real } from '../nn/row.ts';

const [B, H, G, D, V] = [2, 6, 2, 5, 7];
const ones = [0, 1];
const operands = (t: number, s: number, groups: number = G): [Tensor, Tensor, Tensor] => [
  real(ones, [H, t, D], 1),
  real(ones, [groups, s, D], 2),
  real(ones, [groups, s, V], 3),
];

/** Keys or values for each head of queries. */
const copied = (x: Tensor) => {
  const [b, g, s, d] = x.shape as [number, number, number, number];
  return reshape(expand(reshape(x, [b, g, 1, s, d]), [b, g, H / g, s, d]), [b, H, s, d]);
};

const options: [string, (t: number, s: number) => AttentionOptions][] = [
  ['nothing', () => ({})],
  ['causal', () => ({ causal: true })],
  ['a mask of keys', (_, s) => ({ mask: reshape(padding(ones, s), [B, 1, 1, s]) })],
  [
    'a mask of each pair',
    (t, s) => ({
      mask: reshape(
        padding(
          Array.from({ length: B * H * t }, (_, i) => i),
          s,
        ),
        [B, H, t, s],
      ),
    }),
  ],
  ['a bias of heads, causal', (t, s) => ({ bias: reshape(real([0], [H, t, s], 5), [H, t, s]), causal: true })],
  ['a bias of examples', (t, s) => ({ bias: real(ones, [1, t, s], 5) })],
];

describe.each(options)('grouped heads with %s', (_, make) => {
  it('have the bits of keys copied for each head', () => {
    for (const groups of [1, 2, 3])
      for (const [t, s] of [
        [1, 1],
        [1, 300],
        [3, 9],
        [40, 70],
        [65, 257],
      ] as const) {
        const [q, k, v] = operands(t, s, groups);
        const wanted = scaledDotProductAttention(q, copied(k), copied(v), { ...make(t, s), weights: true });
        const got = scaledDotProductAttention(q, k, v, { ...make(t, s), weights: true });
        expect(bits(got.output)).toEqual(bits(wanted.output));
        expect(bits(got.weights)).toEqual(bits(wanted.weights));
        expect(bits(scaledDotProductAttention(q, k, v, make(t, s)).output)).toEqual(bits(wanted.output));
      }
  });

  it('have the gradients of keys copied for each head', () => {
    for (const [t, s] of [
      [1, 30],
      [9, 70],
      [70, 90],
    ] as const) {
      const given = make(t, s);
      const bias = given.bias && parameter(given.bias);
      const all = { ...given, ...(bias && { bias }) };
      const xs = operands(t, s).map(parameter) as [Tensor, Tensor, Tensor];
      const inputs = [...xs, ...(bias ? [bias] : [])];
      const gradient = real(ones, [H, t, V], 6);
      const wanted = grad(scaledDotProductAttention(xs[0], copied(xs[1]), copied(xs[2]), all).output, inputs, { gradient });
      grad(scaledDotProductAttention(...xs, all).output, inputs, { gradient }).forEach((g, i) => {
        const [a, b] = [list(g), list(wanted[i] as Tensor)];
        const scale = Math.max(...b.map(Math.abs));
        // Of a key: three heads of up to 70 terms in another order.
        a.forEach((x, at) => expect(Math.abs(x - (b[at] as number)), `input ${i}`).toBeLessThanOrEqual(2e-6 * scale));
      });
    }
  });
});

describe('rows to spare', () => {
  const junk = (x: Tensor, by: number) => detach(concat([x, full(x.shape.with(-2, by), Number.NaN)], -2));

  it('change no bit, whatever they hold, and get gradient 0', () => {
    for (const [t, s, more] of [
      [1, 40, 24],
      [33, 255, 300],
      [9, 0, 4],
    ] as const)
      for (const extra of [{}, { causal: true }, { mask: reshape(padding([0, 1], s), [B, 1, 1, s]) }]) {
        const [q, k, v] = operands(t, s).map(parameter) as [Tensor, Tensor, Tensor];
        const long = [q, parameter(junk(k, more)), parameter(junk(v, more))] as const;
        const wanted = scaledDotProductAttention(q, k, v, { ...extra, weights: true });
        const got = scaledDotProductAttention(...long, { ...extra, length: s, weights: true });
        expect(bits(got.output)).toEqual(bits(wanted.output));
        expect(bits(got.weights)).toEqual(bits(wanted.weights));
        const gradient = real(ones, [H, t, V], 6);
        const gs = grad(got.output, long, { gradient });
        const ws = grad(wanted.output, [q, k, v], { gradient });
        gs.forEach((g, i) => {
          expect(bits(i === 0 ? g : slice(g, 2, 0, s))).toEqual(bits(ws[i] as Tensor));
          if (i > 0) expect(list(slice(g, 2, s)).every((x) => x === 0)).toBe(true);
        });
      }
  });

  it('have the gradients of weights, and drop weights alike', () => {
    const [q, k, v] = operands(4, 9).map(parameter) as [Tensor, Tensor, Tensor];
    const long = [q, parameter(junk(k, 3)), parameter(junk(v, 3))] as const;
    const loss = ({ output, weights }: { output: Tensor; weights: Tensor }) => add(sum(square(output)), sum(square(weights)));
    const wanted = grad(loss(scaledDotProductAttention(q, k, v, { weights: true })), [q, k, v]);
    grad(loss(scaledDotProductAttention(...long, { length: 9, weights: true })), long).forEach((g, i) => {
      expect(bits(i === 0 ? g : slice(g, 2, 0, 9))).toEqual(bits(wanted[i] as Tensor));
    });
    const dropped = { dropout: 0.5, key: key(3) };
    expect(bits(scaledDotProductAttention(...long, { length: 9, ...dropped }).output)).toEqual(
      bits(scaledDotProductAttention(q, k, v, dropped).output),
    );
  });
});

describe('keys that are shared', () => {
  it('are not copied', async () => {
    withBackend(await wasmBackend(), () =>
      scope(() => {
        const [heads, t, s, d] = [16, 1, 4096, 16];
        const [q, k, v] = [zeros([1, heads, t, d]), zeros([1, 1, s, d]), zeros([1, 1, s, d])];
        const { bytes } = backend().heap.report();
        scaledDotProductAttention(q, k, v);
        // Keys for each head would be 16 · 256 KB; scratch holds those of one head twice.
        expect(backend().heap.report().peak - bytes).toBeLessThanOrEqual(4 * 4 * s * d);
      }),
    );
  });

  it('are refused by name where they do not fit', () => {
    const [q, k, v] = operands(3, 4);
    const rule = 'scaledDotProductAttention: query, keys and values must be [..., T, D], [..., S, D] and [..., S, V], got ';
    expect(() => scaledDotProductAttention(q, real(ones, [4, 4, D], 1), real(ones, [4, 4, V], 1))).toThrow(rule);
    expect(() => scaledDotProductAttention(q, k, copied(v))).toThrow(rule);
    expect(() => scaledDotProductAttention(real(ones, [2, 3, D], 1), copied(k), copied(v))).toThrow(rule);
    expect(() => scaledDotProductAttention(q, k, v, { length: 5 })).toThrow(
      'scaledDotProductAttention: length must be at most the 4 rows of keys, got 5',
    );
    expect(() => scaledDotProductAttention(q, k, v, { length: -1 })).toThrow('length must be a whole number from 0, got -1');
    expect(() => scaledDotProductAttention(q, k, v, { length: '3' as never })).toThrow("length must be a whole number from 0, got '3'");
  });
});
