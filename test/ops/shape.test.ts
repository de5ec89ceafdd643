import { describe, expect, it } from 'vitest';
import { concat, flip, permute, place, reshape, select, slice, stack, transpose } from '../../src/ops/index.ts';
import { arange } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const matrix = () => reshape(arange(6), [2, 3]); // [[0, 1, 2], [3, 4, 5]]
const got = (x: Tensor) => [x.shape, Array.from(x.toArray())];

describe('ops that move elements', () => {
  it('put each where it belongs', () => {
    expect(got(permute(matrix(), [1, 0]))).toEqual([
      [3, 2],
      [0, 3, 1, 4, 2, 5],
    ]);
    expect(got(transpose(matrix()))).toEqual([
      [3, 2],
      [0, 3, 1, 4, 2, 5],
    ]);
    expect(got(slice(matrix(), 1, 1))).toEqual([
      [2, 2],
      [1, 2, 4, 5],
    ]);
    expect(got(slice(matrix(), 0, -1))).toEqual([
      [1, 3],
      [3, 4, 5],
    ]);
    expect(got(place(matrix(), 0, 1, 4))).toEqual([
      [4, 3],
      [0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0],
    ]);
    expect(got(select(matrix(), 1, 2))).toEqual([[2], [2, 5]]);
    expect(got(concat([matrix(), matrix()], 1))).toEqual([
      [2, 6],
      [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5],
    ]);
    expect(got(stack([matrix(), matrix()], -1))).toEqual([
      [2, 3, 2],
      [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ]);
    expect(got(flip(matrix(), 1))).toEqual([
      [2, 3],
      [2, 1, 0, 5, 4, 3],
    ]);
    expect(got(flip(matrix(), 0))).toEqual([
      [2, 3],
      [3, 4, 5, 0, 1, 2],
    ]);
  });

  it('refuse what does not fit, with the values', () => {
    expect(() => reshape(matrix(), [4, -1])).toThrow('reshape: shape must hold 6 elements with at most one −1, got [4, -1] for [2, 3]');
    expect(() => reshape(matrix(), [-1, -1])).toThrow('at most one −1, got [-1, -1]');
    expect(() => permute(matrix(), [0, 0])).toThrow('permute: axes must name each of 2 axes once, got [0, 0]');
    expect(() => slice(matrix(), 1, 2, 5)).toThrow('slice: start and end must lie in order within [0, 3], got 2 and 5');
    expect(() => select(matrix(), 0, 2)).toThrow('select: index must be within an axis of length 2, got 2');
    expect(() => concat([])).toThrow('concat: tensors must be at least one, got none');
    expect(() => concat([matrix(), reshape(matrix(), [3, 2])])).toThrow('concat: tensors must agree except along axis 0');
    expect(() => stack([matrix(), reshape(matrix(), [3, 2])])).toThrow('stack: shapes must agree, got [2, 3] and [3, 2]');
    expect(() => transpose(matrix(), 0, 2)).toThrow('transpose: axis must be in [-2, 2), got 2');
  });
});
