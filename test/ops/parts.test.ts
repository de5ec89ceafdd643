// What ops share with attention, losses and gradients, without the checks that public ops make.
import { describe, expect, it } from 'vitest';
import { grad, normal, parameter, slice, softmax, sum } from '../../src/all.ts';
import { floatMul, sumAll, sumRows } from '../../src/ops/float.ts';
import { joined } from '../../src/ops/runs.ts';
import { viewed } from '../../src/ops/view.ts';
import { softmaxRows } from '../../src/ops/weights.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';

const drawn = (seed: number, shape: number[]) => normal(key(seed), shape);

describe('softmax of rows', () => {
  it('has the bits of softmax along the last axis, with a mask and without', () => {
    const x = drawn(1, [3, 2, 5]);
    const mask = tensor([true, false, true, true, false]);
    expect(softmaxRows(x).toArray()).toEqual(softmax(x).toArray());
    expect(softmaxRows(x, mask).toArray()).toEqual(softmax(x, { mask }).toArray());
  });

  it('refuses what has no rows of floats', () => {
    expect(() => softmaxRows(tensor(1))).toThrow('softmax: x must have an axis, got []');
    expect(() => softmaxRows(tensor([1, 2], { dtype: 'int32' }))).toThrow('softmax: x must be float32, got int32');
    expect(() => softmaxRows(drawn(2, [2, 3]), tensor([true, false]))).toThrow('softmax: shapes must broadcast, got [2, 3] and [2]');
  });
});

it('sums of all elements and of rows have the bits of sum, axes of length 1 between', () => {
  const x = drawn(3, [4, 1, 3, 1, 7]);
  expect(sumAll(x).toArray()).toEqual(sum(x).toArray());
  expect(sumAll(x).shape).toEqual([]);
  expect(sumRows(x).toArray()).toEqual(sum(x, { axis: -1, keepDims: true }).toArray());
  expect(sumRows(x).shape).toEqual([4, 1, 3, 1, 1]);
});

it('products of floats refuse int32', () => {
  expect(() => floatMul(tensor([1, 2], { dtype: 'int32' }), tensor([1, 2], { dtype: 'int32' }))).toThrow(
    'mul: a must be float32, got int32',
  );
});

it('a view in another shape has as many elements', () => {
  expect(() => viewed(drawn(4, [2, 3]), [2, 2])).toThrow('reshape: shape must hold 6 elements, got [2, 2] for [2, 3]');
});

it('joined rows give each its own gradient, and second gradients, as slices of it', () => {
  const parts = [2, 0, 3].map((rows, i) => parameter(drawn(5 + i, [rows, 4])));
  const weights = drawn(9, [5, 4]);
  const loss = (x: ReturnType<typeof joined>) => sum(floatMul(floatMul(x, x), weights));
  const gradients = grad(loss(joined(parts, 0)), parts, { createGraph: true });
  const expected = floatMul(joined(parts, 0), weights);
  let from = 0;
  for (const [i, part] of parts.entries()) {
    const to = from + (part.shape[0] as number);
    const own = slice(expected, 0, from, to).toArray();
    expect(gradients[i]?.toArray()).toEqual(own.map((value: number) => 2 * value));
    from = to;
  }
  const again = grad(sum(gradients[2] as (typeof parts)[number]), parts);
  expect(again[0]?.toArray().every((value: number) => value === 0)).toBe(true);
  expect(again[2]?.toArray()).toEqual(
    slice(weights, 0, 2, 5)
      .toArray()
      .map((value: number) => 2 * value),
  );
});
