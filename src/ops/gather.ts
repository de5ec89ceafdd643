// Reading and writing by index. Indices are checked here: kernels trust them.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { zeros } from '../tensor/create.ts';
import { around, axisOf, type Shape, sameShape, show, sizeOf } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';

/** Throws unless every index is in [low, high). */
function expectIndices(op: string, index: Tensor, low: number, high: number): void {
  expectDType(op, 'index', index, 'int32');
  const values = index.view();
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!(value >= low && value < high)) throw new RangeError(`${op}: index must be in [${low}, ${high}), got ${value} at ${i}`);
  }
}

/**
 * `y[i, …] = x[index[i], …]`: `x` `[N, …]` and `index` int32 of any shape give `[…index, …]`. The embedding lookup.
 * Gradient: {@link scatterAdd}.
 */
export function gather(x: Tensor, index: Tensor): Tensor {
  const [rows, ...row] = x.shape;
  if (rows === undefined) throw new RangeError('gather: x must have an axis, got []');
  expectIndices('gather', index, 0, rows);
  const y = empty([...index.shape, ...row], x.dtype);
  kernels.gather(y.ptr, x.ptr, index.ptr, index.size, sizeOf(row));
  return record('gather', y, [x], (g) => [scatterAdd(g, index, rows)]);
}

/**
 * `y[k, …] = Σ x[i, …]` over the i with `index[i] = k`, in order of i: `x` `[…index, …]` gives `[rows, …]`. Gradient: {@link gather}.
 */
export function scatterAdd(x: Tensor, index: Tensor, rows: number): Tensor {
  expectDType('scatterAdd', 'x', x, 'float32');
  if (!sameShape(x.shape.slice(0, index.rank), index.shape)) {
    throw new RangeError(`scatterAdd: x must begin with the shape of index, got ${show(x.shape)} and ${show(index.shape)}`);
  }
  expectIndices('scatterAdd', index, 0, rows);
  const row = x.shape.slice(index.rank);
  const y = zeros([rows, ...row]);
  kernels.scatterAdd(y.ptr, x.ptr, index.ptr, index.size, sizeOf(row));
  return record('scatterAdd', y, [x], (g) => [gather(g, index)]);
}

/**
 * The element of an axis that `index` names: `x` `[…, C]` and int32 `index` `[…]` give `[…]`; 0 where the index is −1.
 * Gradient: placed where it was picked from, 0 elsewhere.
 */
export function pick(x: Tensor, index: Tensor, options: { axis?: number } = {}): Tensor {
  expectDType('pick', 'x', x, 'float32');
  const at = axisOf('pick', options.axis ?? -1, x.rank);
  if (!sameShape(index.shape, x.shape.toSpliced(at, 1))) {
    throw new RangeError(`pick: index must have the shape of x without axis ${at}, got ${show(index.shape)} and ${show(x.shape)}`);
  }
  expectIndices('pick', index, -1, x.shape[at] as number);
  const y = empty(index.shape);
  kernels.pick(y.ptr, x.ptr, index.ptr, ...around(x.shape, at));
  return record('pick', y, [x], (g) => [unpick(g, index, x.shape, at)]);
}

/** {@link pick}'s gradient: `g` where `index` says, zeros elsewhere. Its own gradient is {@link pick}. */
export function unpick(g: Tensor, index: Tensor, shape: Shape, axis: number): Tensor {
  const dx = empty(shape);
  kernels.pickBackward(dx.ptr, g.ptr, index.ptr, ...around(shape, axis));
  return record('unpick', dx, [g], (h) => [pick(h, index, { axis })]);
}
