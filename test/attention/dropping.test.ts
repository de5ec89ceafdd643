// Dropout of attention weights, as PyTorch has it: after softmax, the others divided by 1 − p, and what is returned is what was read with.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { dropping } from '../../src/attention/dropping.ts';
import { hard } from '../../src/attention/hard.ts';
import { monotonicSoft } from '../../src/attention/monotonic.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import { DotScore } from '../../src/attention/score.ts';
import { causal } from '../../src/attention/window.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { scaledDotProductAttention } from '../../src/ops/index.ts';
import { type Key, key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, real } from '../nn/row.ts';

const [B, T, S, E] = [4, 40, 50, 8];
const rows = [0, 1, 2, 3];
const [query, keys, values] = [real(rows, [T, E], 1), real(rows, [S, E], 2), real(rows, [S, E], 3)];
const P = 0.3;

type Looked = { output: Tensor; weights: Tensor };

/** Each way to drop weights: with a key and without, of the same everything else; heads 1 where there are none. */
const ways: Record<string, { heads: number; run: (key?: Key) => Looked; reads?: true }> = {
  scaledDotProductAttention: {
    heads: 1,
    run: (from) => scaledDotProductAttention(query, keys, values, { causal: true, weights: true, dropout: P, ...(from && { key: from }) }),
    reads: true,
  },
  'Attention with dropping': {
    heads: 1,
    run: (from) =>
      new Attention({ score: new DotScore(), selection: dropping({ p: P }) }).forward(query, keys, values, from ? { key: from } : {}),
    reads: true,
  },
  MultiHead: {
    heads: 2,
    run: (from) =>
      new MultiHead({ query: E, key: E, heads: 2, dropout: P, window: causal }, key(1)).forward(
        query,
        keys,
        values,
        from ? { key: from } : {},
      ),
  },
};

describe.each(Object.entries(ways))('%s', (_, { heads, run, reads }) => {
  it('drops each weight with its probability, by itself, and divides the others by 1 − p', () => {
    const [whole, left] = [list(run().weights), list(run(key(5)).weights)];
    const seen = whole.flatMap((weight, i) => (weight > 0 ? [[weight, left[i] as number] as const] : []));
    const dropped = seen.filter(([, got]) => got === 0).length / seen.length;
    // Of n draws the standard deviation is √(p(1 − p) / n); five of them.
    expect(Math.abs(dropped - P)).toBeLessThan(5 * Math.sqrt((P * (1 - P)) / seen.length));
    for (const [weight, got] of seen) if (got !== 0) expect(Math.abs((got * (1 - P)) / weight - 1)).toBeLessThan(1e-6);
    for (const [i, weight] of whole.entries()) if (weight === 0) expect(left[i]).toBe(0);
    // No two queries, heads or examples lose the same keys.
    const lines = Array.from({ length: B * heads * T }, (__, i) => left.slice(i * S, (i + 1) * S));
    const full = lines.filter((___, i) => whole.slice(i * S, (i + 1) * S).every((weight) => weight > 0));
    expect(new Set(full.map((line) => line.map((x) => +(x === 0)).join(''))).size).toBe(full.length);
    expect(full.length).toBeGreaterThan(2);
  });

  it('reads with the weights that it returns', () => {
    if (!reads) return expect(heads).toBe(2); // what heads read goes through their maps
    const { output, weights } = run(key(5));
    const [w, v] = [list(weights), list(values)];
    list(output).forEach((got, i) => {
      const [line, column] = [Math.floor(i / E), i % E];
      const from = Math.floor(line / T) * S;
      let wanted = 0;
      for (let s = 0; s < S; s++) wanted += (w[line * S + s] as number) * (v[(from + s) * E + column] as number);
      expect(Math.abs(got - wanted)).toBeLessThan(1e-5);
    });
  });

  it('draws by its key alone, and only where one is given', () => {
    expect(bits(run(key(5)).output)).toEqual(bits(run(key(5)).output));
    expect(bits(run(key(6)).output)).not.toEqual(bits(run(key(5)).output));
    expect(bits(run().output)).toEqual(bits(run().output));
    expect(
      list(run().weights)
        .slice(-S)
        .reduce((sum, x) => sum + x, 0),
    ).toBeCloseTo(1, 5);
  });
});

describe('dropout of weights', () => {
  it('has the mask of the forward pass in the gradient', () => {
    const small = [real([0, 1], [3, 4], 1), real([0, 1], [5, 4], 2), real([0, 1], [5, 4], 3)];
    const heads = new MultiHead({ query: 4, key: 4, heads: 2, dropout: 0.5 }, key(1));
    gradcheck((q, k, v) => scaledDotProductAttention(q as Tensor, k as Tensor, v as Tensor, { dropout: 0.5, key: key(2) }).output, small);
    gradcheck(
      (q, k, v) =>
        new Attention({ score: new DotScore(), selection: dropping({ p: 0.5 }) }).forward(q as Tensor, k as Tensor, v as Tensor, {
          key: key(2),
        }).output,
      small,
    );
    expect(heads.forward(...(small as [Tensor, Tensor, Tensor]), { key: key(2), weights: false })).not.toHaveProperty('weights');
  });

  it('of 0, or without a key, changes no bit', () => {
    const plain = new MultiHead({ query: E, key: E, heads: 2 }, key(1)).forward(query, keys, values);
    for (const [dropout, from] of [
      [0, key(5)],
      [P, undefined],
    ] as const) {
      const module = new MultiHead({ query: E, key: E, heads: 2, dropout }, key(1));
      expect(bits(module.forward(query, keys, values, from ? { key: from } : {}).output)).toEqual(bits(plain.output));
      const op = scaledDotProductAttention(query, keys, values, { dropout, ...(from && { key: from }) });
      expect(bits(op.output)).toEqual(bits(scaledDotProductAttention(query, keys, values).output));
    }
  });

  it('does not depend on what its selection draws from the same key', () => {
    const { weights, choice } = new Attention({ score: new DotScore(), selection: dropping({ p: P, selection: hard }) }).forward(
      query,
      keys,
      values,
      {
        key: key(5),
      },
    );
    const n = choice?.size as number;
    const kept = list(weights).filter((weight) => weight > 0).length / n;
    expect(Math.abs(kept - (1 - P))).toBeLessThan(5 * Math.sqrt((P * (1 - P)) / n));
  });

  it('keeps what its selection draws, chooses and remembers', () => {
    const run = (selection: typeof hard) =>
      new Attention({ score: new DotScore(), selection }).forward(query, keys, values, { key: key(5) });
    const [plain, left] = [run(hard), run(dropping({ p: 0.5, selection: hard }))];
    expect(list(left.choice as Tensor)).toEqual(list(plain.choice as Tensor));
    expect(list(left.logProbability as Tensor)).toEqual(list(plain.logProbability as Tensor));
    expect(dropping({ p: 0.5, selection: monotonicSoft() }).history).toBeDefined();
    expect(dropping({ p: 0.5 }).history).toBeUndefined();
  });

  it('says what it was given', () => {
    expect(() => scaledDotProductAttention(query, keys, values, { dropout: 1 })).toThrow(
      'scaledDotProductAttention: dropout must be in [0, 1), got 1',
    );
    expect(() => scaledDotProductAttention(query, keys, values, { droput: 0.1 } as object)).toThrow(
      'scaledDotProductAttention: options must be among mask, bias, causal, scale, length, places, before, after, softcap, slopes, distance, weights, dropout, key, got droput',
    );
  });
});
