// Shared parts of ops on the rows along one axis.

import { taped } from '../autograd/record.ts';
import { detach } from '../tensor/create.ts';
import { axisOf, broadcastShapes, sameShape, show } from '../tensor/shape.ts';
import { expectDType, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { allFinite } from './finite.ts';
import { where } from './logic.ts';
import { transpose } from './shape.ts';

/** The rows along the last axis, and their length. */
export function rowsOf(x: Tensor): [rows: number, n: number] {
  const n = x.shape.at(-1) as number;
  return [n === 0 ? 0 : x.size / n, n];
}

/** Applies `f` along an axis, which is swapped with the last one and back. */
export function along(op: string, x: Tensor, axis: number, f: (x: Tensor) => Tensor): Tensor {
  expectDType(op, 'x', x, 'float32');
  const at = axisOf(op, axis, x.rank);
  return at === x.rank - 1 ? f(x) : transpose(f(transpose(x, at, -1)), at, -1);
}

/** Options of ops along one axis. */
export const axisOption = { axis: 0 };

/** Options of reductions. */
export const axisOptions = { axis: 0, keepDims: 0 };

/** Options of those that take a mask. */
export const maskedOptions = { axis: 0, mask: 0 };

/** `x` with −∞ where `mask` (bool, broadcast to `x`) is false. */
export function maskedOut(op: string, x: Tensor, mask: Tensor | undefined): Tensor {
  expectTensor(op, 'x', x);
  if (mask === undefined) return x;
  expectDType(op, 'mask', mask, 'bool');
  if (!sameShape(broadcastShapes(op, x.shape, mask.shape), x.shape)) {
    throw new RangeError(`${op}: mask must broadcast to x, got ${show(mask.shape)} and ${show(x.shape)}`);
  }
  return where(mask, x, -Infinity);
}

/**
 * `y`, with gradient 0 where `mask` is false, whatever the incoming gradient is there: multiplying it by a weight of 0 would keep a NaN.
 */
export function shielded(op: string, y: Tensor, mask: Tensor | undefined): Tensor {
  return mask ? taped(op, detach(y), [y], (g) => [allFinite(g) ? g : where(mask, g, 0)]) : y;
}
