import { describe, expect, it } from 'vitest';
import { softAttention } from '../../src/attention/attention.ts';
import { causalMask, lengthsToMask } from '../../src/attention/mask.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import { locationAware } from '../../src/attention/named.ts';
import type { Attended, Mechanism } from '../../src/attention/parts.ts';
import { sparse } from '../../src/attention/selection.ts';
import { masked } from '../../src/attention/window.ts';
import { trace } from '../../src/autograd/trace.ts';
import { scaledDotProductAttention, slice } from '../../src/ops/index.ts';
import { full, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list, real } from '../nn/row.ts';
import { build, mechanisms } from './mechanisms.ts';
import { B, inputs, K, S, T, V } from './table.ts';

describe('masks', () => {
  it('lengthsToMask is true below each length', () => {
    const mask = lengthsToMask([2, 0, 3]);
    expect(mask.dtype).toBe('bool');
    expect([mask.shape, list(mask)]).toEqual([
      [3, 3],
      [1, 1, 0, 0, 0, 0, 1, 1, 1],
    ]);
    expect([lengthsToMask([1], { size: 3 }).shape, list(lengthsToMask([1], { size: 3 }))]).toEqual([
      [1, 3],
      [1, 0, 0],
    ]);
    expect(lengthsToMask([]).shape).toEqual([0, 0]);
    expect(() => lengthsToMask([1, 4], { size: 3 })).toThrow('lengthsToMask: lengths must be whole numbers from 0 to 3, got 4 at 1');
    expect(() => lengthsToMask([1, -1])).toThrow('got -1 at 1');
    expect(() => lengthsToMask([2, Number.NaN])).toThrow('lengthsToMask: lengths must be whole numbers from 0 to 2, got NaN at 1');
    expect(() => causalMask(undefined as unknown as number)).toThrow('causalMask: queries must be a whole number from 0, got undefined');
    expect(() => lengthsToMask([0.5, 1])).toThrow('got 0.5 at 0');
  });

  it('lengthsToMask takes lengths in a tensor, which it reads only where it must', () => {
    const lengths = tensor(Int32Array.of(2, 0, 3));
    const { result, reads, calls } = trace(() => lengthsToMask(lengths, { size: 4 }));
    expect(list(result)).toEqual(list(lengthsToMask([2, 0, 3], { size: 4 })));
    expect([calls.at(-1)?.op, reads]).toEqual(['less', []]);
    expect(list(lengthsToMask(lengths))).toEqual(list(lengthsToMask([2, 0, 3])));
    expect(trace(() => lengthsToMask(lengths)).reads.length).toBe(1);
    expect(() => lengthsToMask(lengths, { size: 2 })).toThrow('lengthsToMask: lengths must be whole numbers from 0 to 2, got 3 at 2');
    expect(() => lengthsToMask(tensor([2]))).toThrow('lengthsToMask: lengths must be int32, got float32');
    expect(() => lengthsToMask(full([1, 1], 1, 'int32'))).toThrow('lengthsToMask: lengths must be [B], got [1, 1]');
  });

  it('causalMask lets a query see its own key and those before, the last query every key', () => {
    expect(list(causalMask(3))).toEqual([1, 0, 0, 1, 1, 0, 1, 1, 1]);
    expect([causalMask(2, 4).shape, list(causalMask(2, 4))]).toEqual([
      [1, 2, 4],
      [1, 1, 1, 0, 1, 1, 1, 1],
    ]);
    expect(list(causalMask(3, 2))).toEqual([0, 0, 1, 0, 1, 1]);
    expect(causalMask(2).dtype).toBe('bool');
  });

  it('of the wrong type or shape are refused', () => {
    const attention = softAttention('dot', { query: K, key: K, hidden: 1 }, key(1));
    const [q, k, v] = inputs({ square: true });
    const refused = (mask: Tensor) => () => attention.forward(q, k, v, { mask });
    expect(refused(full([B, S], 1))).toThrow(new TypeError('attention: mask must be bool, got float32'));
    expect(refused(full([B, S], 1, 'int32'))).toThrow(new TypeError('attention: mask must be bool, got int32'));
    for (const shape of [[S], [B, T], [B, S, T], [1, S], [2, T, S], [T, S], [B, 2, S], [1, 1, T, S]]) {
      expect(refused(zeros(shape, 'bool'))).toThrow(
        new RangeError(`attention: mask must be [B, S], [B, T, S] or [1, T, S] for scores [4, 3, 7], got [${shape.join(', ')}]`),
      );
    }
    expect(() => attention.forward(q, k, zeros([B, S + 1, V]))).toThrow(
      'attention: keys and values must be [B, S, K] and [B, S, V], got [4, 7, 5] and [4, 8, 4]',
    );
    expect(() => attention.forward(zeros([B, T, K + 1]), k, v)).toThrow('dotScore: query and keys must be');
  });
});

describe('a mask of queries', () => {
  const N = 3; // as many queries and keys as examples: [T, S] would be read as [B, S]
  const x = real([0, 1, 2], [N, 4], 1);
  const last = () => tensor([0, 1, 2].map(() => [0, 1, 2].map((t) => [0, 1, 2].map((s) => s <= t))));
  const made: Record<string, () => Mechanism> = {
    Attention: () => softAttention('dot', { query: 4, key: 4, hidden: 4 }, key(1)),
    'Attention, step by step': () => locationAware({ query: 4, key: 4, hidden: 4 }, key(1)),
    'MultiHead, one op': () => new MultiHead({ query: 4, key: 4, heads: 2 }, key(1)),
    'MultiHead, in turn': () => new MultiHead({ query: 4, key: 4, heads: 2, selection: sparse }, key(1)),
  };

  describe.each(Object.entries(made))('%s', (_, make) => {
    it('for every example is [1, T, S], as causalMask gives it: not taken for one of keys where there are as many examples', () => {
      const mechanism = make();
      const [wanted, got] = [last(), causalMask(N)].map((mask) => mechanism.forward(x, x, x, { mask }));
      expect(list(got?.weights as Tensor)).toEqual(list(wanted?.weights as Tensor));
      expect(list(got?.output as Tensor)).toEqual(list(wanted?.output as Tensor));
      const w = list(got?.weights as Tensor); // example 0, the first head: nothing is seen of later keys, and something of earlier ones
      expect([w[1], w[2], w[5]]).toEqual([0, 0, 0]);
      expect(w.slice(6, 9).some((weight) => weight > 0)).toBe(true);
    });

    it('as [T, S] is refused where that can be told', () => {
      const two = real([0, 1], [N, 4], 1);
      expect(() => make().forward(two, two, two, { mask: zeros([N, N], 'bool') })).toThrow(
        /^attention: mask must be \[B, S\], \[B, T, S\] or \[1, T, S\] for .+, got \[3, 3\]$/,
      );
    });

    it('and options are asked for by name', () => {
      expect(() => make().forward(x, x, x, { masc: causalMask(N) } as object)).toThrow(/: options must be among mask, key.*, got masc$/);
      expect(() => make().prepare(x, x, { key: key(1) } as object)).toThrow(/: options must be among mask, got key$/);
    });
  });

  it('is a table of windows and a mask of the op as it is', () => {
    const plain = new MultiHead({ query: 4, key: 4, heads: 2 }, key(1));
    const windowed = new MultiHead({ query: 4, key: 4, heads: 2, window: masked(causalMask(N)) }, key(1));
    expect(list(windowed.forward(x, x).weights)).toEqual(list(plain.forward(x, x, x, { mask: causalMask(N) }).weights));
    const { weights } = scaledDotProductAttention(x, x, x, { mask: causalMask(N), weights: true });
    expect(list(weights)).toEqual(list(scaledDotProductAttention(x, x, x, { causal: true, weights: true }).weights));
  });
});

describe('no queries', () => {
  it.each(mechanisms.map((row) => [row.name, row] as const))('%s gives nothing of them, of the right shapes', (_, row) => {
    const [query, keys, values] = inputs(row);
    const some = build(row).forward(query, keys, values);
    const none = build(row).forward(slice(query, 1, 0, 0), keys, values);
    expect(Object.keys(none).sort()).toEqual(Object.keys(some).sort());
    for (const [name, x] of Object.entries(some) as [keyof Attended, Tensor][]) {
      const perHead = row.heads && ['weights', 'choice', 'value'].includes(name);
      expect(none[name]?.shape, name).toEqual(x.shape.with(perHead ? 2 : 1, 0));
    }
  });
});
