// What a cache refuses, word for word; what it gives where there is nothing yet; and who owns a block.
import { describe, expect, it } from 'vitest';
import { KeyValueCache } from '../../src/attention/cache.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { noGrad } from '../../src/autograd/record.ts';
import { LanguageModelCache } from '../../src/models/transformer/language-cache.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const [B, G, D, V] = [2, 3, 4, 5];
const keysOf = (count: number, batch = B) => ones([batch, G, count, D]);
const valuesOf = (count: number, batch = B) => ones([batch, G, count, V]);
const begun = () => KeyValueCache.empty(B).append(keysOf(2), valuesOf(2));
const wrong = <T>(value: unknown) => value as T;

describe('append', () => {
  it('takes keys and values of the batch, alike but for their widths', () => {
    const says = 'KeyValueCache: keys and values must be';
    const before = `${says} [2, 3, N, 4] and [2, 3, N, V], got`;
    for (const [keys, values, got] of [
      [ones([B, G, D]), valuesOf(1), '[2, 3, 4] and [2, 3, 1, 5]'],
      [keysOf(1), ones([B, G, V]), '[2, 3, 1, 4] and [2, 3, 5]'],
      [keysOf(1, 3), valuesOf(1, 3), '[3, 3, 1, 4] and [3, 3, 1, 5]'],
      [keysOf(1), valuesOf(1, 3), '[2, 3, 1, 4] and [3, 3, 1, 5]'],
      [keysOf(1), ones([B, G + 1, 1, V]), '[2, 3, 1, 4] and [2, 4, 1, 5]'],
      [keysOf(1), valuesOf(2), '[2, 3, 1, 4] and [2, 3, 2, 5]'],
    ] as const) {
      const empty = keys.rank === 4 ? before : `${says} [2, 3, N, D] and [2, 3, N, V], got`;
      expect(() => KeyValueCache.empty(B).append(keys, values)).toThrow(`${empty} ${got}`);
      expect(() => begun().append(keys, values)).toThrow(`${says} [2, 3, N, 4] and [2, 3, N, 5], got ${got}`);
    }
    expect(() => KeyValueCache.empty(B).append(ones([B]), ones([B]))).toThrow(`${says} [2, G, N, D] and [2, G, N, V], got [2] and [2]`);
    for (const [keys, values] of [
      [ones([B, G, 1, D + 1]), valuesOf(1)],
      [keysOf(1), ones([B, G, 1, V + 1])],
      [ones([B, 1, 1, D]), ones([B, 1, 1, V])],
    ] as const)
      expect(() => begun().append(keys, values)).toThrow(`${says} [2, 3, N, 4] and [2, 3, N, 5], got`);
  });

  it('takes float32', () => {
    expect(() => begun().append(zeros([B, G, 1, D], 'int32'), valuesOf(1))).toThrow('KeyValueCache: keys must be float32, got int32');
    expect(() => begun().append(keysOf(1), zeros([B, G, 1, V], 'bool'))).toThrow('KeyValueCache: values must be float32, got bool');
    expect(() => begun().append(wrong([[1]]), valuesOf(1))).toThrow('KeyValueCache: keys must be a tensor');
  });

  it('takes a length of each example', () => {
    for (const lengths of [[1], [1, 1, 1], [1, 3], [1, -1], [1, 0.5], ['1', 1], 1, null]) {
      expect(() => begun().append(keysOf(2), valuesOf(2), { lengths: wrong(lengths) })).toThrow(
        'KeyValueCache: lengths must be 2 whole numbers from 0 to 2, got',
      );
    }
  });

  it('refuses a gradient of examples of unlike lengths, and needs none without', () => {
    const keys = parameter(keysOf(2));
    const unlike = () => KeyValueCache.empty(B).append(keysOf(2), valuesOf(2), { lengths: [2, 1] });
    const says = 'KeyValueCache: examples of unlike lengths have no gradient; append under noGrad';
    for (const lengths of [
      [2, 1],
      [1, 2],
      [1, 1],
    ])
      expect(() => KeyValueCache.empty(B).append(keys, valuesOf(2), { lengths })).toThrow(says);
    expect(() => unlike().append(keys, valuesOf(2))).toThrow(says);
    expect(noGrad(() => unlike().append(keys, valuesOf(2))).lengths).toEqual([4, 3]);
    expect(unlike().append(keysOf(2), valuesOf(2)).lengths).toEqual([4, 3]);
  });
});

describe('a cache of nothing', () => {
  const empty = KeyValueCache.empty(B);

  it('has rows and no tensors', () => {
    expect([empty.rows, empty.length, empty.keys, empty.values, empty.tensors()]).toEqual([B, 0, null, null, []]);
    expect(empty.selected([1, 1, 0]).lengths).toEqual([0, 0, 0]);
    expect(empty.selected([1]).append(keysOf(1, 1), valuesOf(1, 1)).lengths).toEqual([1]);
    expect(() => empty.selected([2])).toThrow('KeyValueCache: order must name rows from 0 to 1, got 2');
  });

  it('is saved and read', () => {
    const dict = empty.stateDict();
    expect([...dict].map(([name, x]) => [name, x.shape])).toEqual([
      ['keys', [B, 0, 0, 0]],
      ['values', [B, 0, 0, 0]],
      ['lengths', [B]],
    ]);
    expect(KeyValueCache.from(dict).append(keysOf(1), valuesOf(1)).lengths).toEqual([1, 1]);
    const parts = begun().stateDict();
    for (const name of ['keys', 'values', 'lengths']) {
      const without = new Map([...parts].filter(([other]) => other !== name));
      expect(() => KeyValueCache.from(without)).toThrow(`KeyValueCache: dict must hold keys, values and lengths, got no ${name}`);
    }
    const real = new Map([...parts, ['lengths', ones([B])] as const]);
    expect(() => KeyValueCache.from(real)).toThrow('KeyValueCache: lengths must be int32, got float32');
  });
});

describe('a block', () => {
  const row = (count: number, value: number, batch = B): [Tensor, Tensor] => {
    return [full([batch, G, count, D], value), full([batch, G, count, V], value)];
  };

  it('belongs to the last that wrote behind every example', () => {
    const first = KeyValueCache.empty(B).append(...row(1, 1));
    const one = first.append(...row(1, 2), { lengths: [1, 0] }); // [2, 1]
    const other = first.append(...row(1, 3), { lengths: [0, 1] }); // forks: the first example has gone on
    const valuesIn = (cache: KeyValueCache) => cache.stateDict().get('values')?.toNested() as number[][][][];
    expect(valuesIn(one).map((example) => example[0]?.map((line) => line[0]))).toEqual([[1, 2], [1, 0]]); // biome-ignore format: rows
    expect(valuesIn(other).map((example) => example[0]?.map((line) => line[0]))).toEqual([[1, 0], [1, 3]]); // biome-ignore format: rows
    expect(one.values).not.toBe(other.values);
    expect(one.append(...row(1, 4)).values).toBe(one.values);
  });

  it('of selected rows is written behind by its owner alone', () => {
    const picked = begun().selected([1, 0]);
    const a = picked.append(...row(1, 7));
    const b = picked.append(...row(1, 8));
    expect(a.values).not.toBe(b.values);
    const lines = a.stateDict().get('values')?.toNested() as number[][][][];
    expect(lines.map((example) => example[0]?.[2]?.[0])).toEqual([7, 7]);
  });
});

describe('selected', () => {
  it.each([[[0.5]], [[Number.NaN]], [[-1]], [undefined], [0]])('takes rows by whole numbers, not %o', (order) => {
    expect(() => begun().selected(wrong(order))).toThrow('KeyValueCache: order must be a list of whole numbers from 0, got');
  });
});

describe('a cache of a language model', () => {
  const saved = () => new LanguageModelCache([begun(), begun()]).stateDict();

  it('takes rows by whole numbers', () => {
    expect(() => LanguageModelCache.from(saved()).selected([0.5])).toThrow('order must be a list of whole numbers from 0, got [0.5]');
  });

  it('is of names that it has, and of layers that have read the same', () => {
    const named = saved().set('layers.0.kys', ones([1]));
    expect(() => LanguageModelCache.from(named)).toThrow('names must be layers.N.keys, .values and .lengths, got layers.0.kys');
    const unlike = saved().set('layers.1.lengths', tensor(Int32Array.of(2, 1)));
    expect(() => LanguageModelCache.from(unlike)).toThrow('layers must be of one text, got lengths 2,2 and in layer 1 2,1');
  });
});
