import { describe, expect, it } from 'vitest';
import { softAttention } from '../../src/attention/attention.ts';
import { causalMask, lengthsToMask } from '../../src/attention/mask.ts';
import { full, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list } from '../nn/row.ts';
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
    expect(() => lengthsToMask([0.5, 1])).toThrow('got 0.5 at 0');
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
