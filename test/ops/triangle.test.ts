// Triangles of every element type and offset, against loops.
import { describe, expect, it } from 'vitest';
import { tril, triu } from '../../src/ops/index.ts';
import { full, ones, tensor } from '../../src/tensor/create.ts';

describe('tril and triu', () => {
  it.each(['float32', 'int32', 'bool'] as const)('keep half of matrices of %s', (dtype) => {
    for (const [n, m] of [
      [3, 5],
      [5, 3],
      [1, 1],
      [0, 4],
      [4, 0],
    ] as const)
      for (const offset of [-9, -2, -1, 0, 1, 3, 9]) {
        const x = full([2, n, m], 1, dtype);
        const kept = (keeps: (i: number, j: number) => boolean) =>
          Array.from({ length: 2 * n * m }, (_, at) => (keeps(Math.floor(at / m) % n, at % m) ? 1 : 0));
        expect(Array.from(tril(x, { offset }).toArray())).toEqual(kept((i, j) => j - i <= offset));
        expect(Array.from(triu(x, { offset }).toArray())).toEqual(kept((i, j) => j - i >= offset));
        expect([tril(x).dtype, triu(x).shape]).toEqual([dtype, [2, n, m]]);
      }
  });

  it('hide NaN as any other', () => {
    const x = tensor([[1, Number.NaN], [2, 3]]); // biome-ignore format: rows
    expect(Array.from(tril(x).toArray())).toEqual([1, 0, 2, 3]);
  });

  it('say what they want', () => {
    expect(() => tril(ones([3]))).toThrow('tril: x must be [..., N, M], got [3]');
    expect(() => triu(ones([3, 3]), { offset: 0.5 })).toThrow('triu: offset must be a whole number, got 0.5');
    expect(() => triu(ones([3, 3]), { offset: '1' as never })).toThrow("triu: offset must be a whole number, got '1'");
    expect(() => tril(ones([3, 3]), { k: 1 } as never)).toThrow('tril: options must be among offset, got k');
    expect(() => tril([[1]] as never)).toThrow('tril: x must be a tensor');
  });
});
