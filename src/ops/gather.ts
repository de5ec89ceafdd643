// Reads and writes by index. Indices are checked here, because kernels trust them.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectNames, isCount } from '../tensor/check.ts';
import { cleared } from '../tensor/create.ts';
import { around, axisOf, type Shape, sameShape, show, sizeOf } from '../tensor/shape.ts';
import { empty, expectDType, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { expectIndices, expectSame } from './indices.ts';

/**
 * `y[i, …] = x[index[i], …]`: `x` `[N, …]` and `index` int32 of any shape give `[…index, …]`. The embedding lookup.
 * Gradient: {@link segmentSum}.
 */
export function gather(x: Tensor, index: Tensor): Tensor {
  expectTensor('gather', 'x', x);
  const [rows, ...row] = x.shape;
  if (rows === undefined) throw new RangeError('gather: x must have an axis, got []');
  const mark = expectIndices('gather', index, 0, rows);
  const y = empty([...index.shape, ...row], x.dtype);
  kernels.gather(y.ptr, x.ptr, index.ptr, index.size, sizeOf(row));
  return record('gather', y, { inputs: [x, index] }, (g) => {
    expectSame('gather', index, 0, rows, mark);
    return [segmentSum(g, index, rows), null];
  });
}

/**
 * `y[k, …] = Σ x[i, …]` over the i with `index[i] = k`, in order of i: `x` `[…index, …]` gives `[rows, …]`. Gradient: {@link gather}.
 */
export function segmentSum(x: Tensor, index: Tensor, rows: number): Tensor {
  expectDType('segmentSum', 'x', x, 'float32');
  expectDType('segmentSum', 'index', index, 'int32');
  isCount('segmentSum', 'rows', rows);
  if (!sameShape(x.shape.slice(0, index.rank), index.shape)) {
    throw new RangeError(`segmentSum: x must begin with the shape of index, got ${show(x.shape)} and ${show(index.shape)}`);
  }
  const mark = expectIndices('segmentSum', index, 0, rows);
  const row = x.shape.slice(index.rank);
  const y = cleared([rows, ...row]);
  kernels.scatterAdd(y.ptr, x.ptr, index.ptr, index.size, sizeOf(row));
  return record('segmentSum', y, { inputs: [x, index], attributes: { rows } }, (g) => {
    expectSame('segmentSum', index, 0, rows, mark);
    return [gather(g, index), null];
  });
}

const pickOptions = { axis: 0 };

/**
 * The element of an axis that `index` names: `x` `[…, C]` and int32 `index` `[…]` give `[…]`; 0 where the index is −1.
 * Gradient: placed where it was picked from, 0 elsewhere.
 */
export function pick(x: Tensor, index: Tensor, options: { axis?: number | undefined } = {}): Tensor {
  expectDType('pick', 'x', x, 'float32');
  expectNames('pick', options, pickOptions);
  const at = axisOf('pick', options.axis ?? -1, x.rank);
  expectDType('pick', 'index', index, 'int32');
  if (!sameShape(index.shape, x.shape.toSpliced(at, 1))) {
    throw new RangeError(`pick: index must have the shape of x without axis ${at}, got ${show(index.shape)} and ${show(x.shape)}`);
  }
  const length = x.shape[at] as number;
  const mark = expectIndices('pick', index, -1, length);
  const y = empty(index.shape);
  kernels.pick(y.ptr, x.ptr, index.ptr, ...around(x.shape, at));
  return record('pick', y, { inputs: [x, index], attributes: { axis: at } }, (g) => {
    expectSame('pick', index, -1, length, mark);
    return [unpick(g, index, x.shape, at), null];
  });
}

/** {@link pick}'s gradient: `g` where `index` says, zeros elsewhere. Its own gradient is {@link pick}. */
export function unpick(g: Tensor, index: Tensor, shape: Shape, axis: number): Tensor {
  expectDType('unpick', 'g', g, 'float32');
  const length = shape[axis] as number;
  const mark = expectIndices('unpick', index, -1, length);
  const dx = empty(shape);
  kernels.pickBackward(dx.ptr, g.ptr, index.ptr, ...around(shape, axis));
  return record('unpick', dx, { inputs: [g, index], attributes: { shape, axis } }, (h) => {
    expectSame('unpick', index, -1, length, mark);
    return [pick(h, index, { axis }), null];
  });
}
