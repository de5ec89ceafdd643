// Booleans: comparisons that make them, logic on them, and the choice between two values.

import { type BinaryKernel, binary, expand } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { full } from '../tensor/create.ts';
import { broadcastShapes } from '../tensor/shape.ts';
import { empty, expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';

/** What a binary op takes: a tensor, or a number that is stretched to the other operand's shape. */
export type Operand = Tensor | number;

/** int32 or bool as float32 (exact up to 2²⁴); float32 as it is. No gradient. */
export function toFloat(x: Tensor): Tensor {
  expectTensor('toFloat', 'x', x);
  if (x.dtype === 'float32') return x;
  const y = empty(x.shape);
  kernels.toFloat(y.ptr, x.ptr, x.size);
  return y;
}

function comparable(op: string, name: string, x: Operand): Tensor {
  if (typeof x === 'number') return full([], x);
  expectTensor(op, name, x);
  return toFloat(x);
}

function compare(op: string, kernel: BinaryKernel, a: Operand, b: Operand, turned = false): Tensor {
  const [p, q] = [comparable(op, 'a', a), comparable(op, 'b', b)];
  return turned ? binary(op, kernel, q, p, 'bool') : binary(op, kernel, p, q, 'bool');
}

/** `a = b` as bool, broadcast; false where either is NaN. Operands of any element type, as all comparisons here. */
export function equal(a: Operand, b: Operand): Tensor {
  return compare('equal', kernels.equal, a, b);
}

/** `a < b` as bool, broadcast; false where either is NaN. */
export function less(a: Operand, b: Operand): Tensor {
  return compare('less', kernels.less, a, b);
}

/** `a ≤ b` as bool, broadcast; false where either is NaN. */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return compare('lessEqual', kernels.lessEqual, a, b);
}

/** `a > b` as bool, broadcast; false where either is NaN. */
export function greater(a: Operand, b: Operand): Tensor {
  return compare('greater', kernels.less, a, b, true);
}

/** `a ≥ b` as bool, broadcast; false where either is NaN. */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return compare('greaterEqual', kernels.lessEqual, a, b, true);
}

/** Both, of two bool tensors, broadcast. */
export function and(a: Tensor, b: Tensor): Tensor {
  return binary('and', kernels.and, a, b, 'bool', 'bool');
}

/** Either or both, of two bool tensors, broadcast. */
export function or(a: Tensor, b: Tensor): Tensor {
  return binary('or', kernels.or, a, b, 'bool', 'bool');
}

/** The other, of a bool tensor. */
export function not(x: Tensor): Tensor {
  expectDType('not', 'x', x, 'bool');
  const y = empty(x.shape, 'bool');
  kernels.not(y.ptr, x.ptr, x.size);
  return y;
}

/**
 * `a` where the bool `mask` is true, `b` elsewhere; all three broadcast. `a` and `b` have one element type, which numbers take on.
 * Gradient: `g` to the chosen operand, 0 to the other, whatever their values.
 */
export function where(mask: Tensor, a: Operand, b: Operand): Tensor {
  expectDType('where', 'mask', mask, 'bool');
  if (typeof a !== 'number') expectTensor('where', 'a', a);
  if (typeof b !== 'number') expectTensor('where', 'b', b);
  const dtype = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : 'float32';
  if (b instanceof Tensor) expectDType('where', 'b', b, dtype);
  const shapeFor = (x: Operand) => (x instanceof Tensor ? x.shape : []);
  const shape = broadcastShapes('where', broadcastShapes('where', shapeFor(a), shapeFor(b)), mask.shape);
  const [p, q] = [a, b].map((x) => (x instanceof Tensor ? x : full(shape, x, dtype))) as [Tensor, Tensor];
  const y = empty(shape, dtype);
  kernels.where(y.ptr, expand(mask, shape).ptr, expand(p, shape).ptr, expand(q, shape).ptr, y.size);
  return record('where', y, [p, q], (g) => [p.requiresGrad ? where(mask, g, 0) : null, q.requiresGrad ? where(mask, 0, g) : null]);
}
