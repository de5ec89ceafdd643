// Booleans: comparisons, logic, and the choice between two values.

import { binary, spread } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { type DType, kernels } from '../runtime/backend.ts';
import { full } from '../tensor/create.ts';
import { broadcastShapes, type Shape } from '../tensor/shape.ts';
import { elementsOf, empty, expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';

/** An operand of a binary op: a tensor, or a number that broadcasts to the other operand's shape. */
export type Operand = Tensor | number;

/** Converts int32 or bool to float32 (exact up to 2²⁴); float32 stays as it is. No gradient. */
export function toFloat(x: Tensor): Tensor {
  expectTensor('toFloat', 'x', x);
  if (x.dtype === 'float32') return x;
  const y = empty(x.shape);
  kernels.toFloat(y.ptr, x.ptr, x.size);
  return record('toFloat', y, { inputs: [x] });
}

/** The relations that have kernels, and their meaning for two numbers. */
const relations = {
  equal: (a: number, b: number) => a === b,
  less: (a: number, b: number) => a < b,
  lessEqual: (a: number, b: number) => a <= b,
};

/** Whether an operand consists of 32-bit whole numbers: int32, bool, or such a number. */
const isInteger = (x: Operand) => (typeof x === 'number' ? x === (x | 0) : x.dtype !== 'float32');

/** Compares two operands exactly: in their own type if they share one, else as float64, which holds every float32 and int32. */
function compare(op: string, relation: keyof typeof relations, a: Operand, b: Operand, turned = false): Tensor {
  if (typeof a !== 'number') expectTensor(op, 'a', a);
  if (typeof b !== 'number') expectTensor(op, 'b', b);
  const [p, q] = turned ? [b, a] : [a, b];
  const floats = (x: Operand) => typeof x === 'number' || x.dtype === 'float32';
  if (floats(p) && floats(q)) {
    const [x, y] = [asTensor(p, 'float32'), asTensor(q, 'float32')];
    return record(relation, binary(op, kernels[relation], x, y, 'bool'), { inputs: [x, y] });
  }
  if (isInteger(p) && isInteger(q)) {
    const [x, y] = [asTensor(p, 'int32'), asTensor(q, 'int32')];
    return record(relation, binary(op, kernels[`${relation}Int`], x, y, 'bool', [x.dtype, y.dtype]), { inputs: [x, y] });
  }
  const inputs = [p, q].map((x) => (typeof x === 'number' ? null : x));
  const numbers = [p, q].map((x) => (typeof x === 'number' ? x : null));
  return record(relation, compareAll(op, relations[relation], p, q), { inputs, attributes: { a: numbers[0], b: numbers[1] } });
}

const asTensor = (x: Operand, dtype: DType) => (typeof x === 'number' ? full([], x, dtype) : x);

/** Compares operands of two types, element by element. */
function compareAll(op: string, holds: (a: number, b: number) => boolean, a: Operand, b: Operand): Tensor {
  const shapes = [a, b].map((x) => (typeof x === 'number' ? [] : x.shape)) as [Shape, Shape];
  const shape = broadcastShapes(op, ...shapes);
  const [p, q] = [a, b].map((x) => (typeof x === 'number' ? x : spread(x, shape))) as [Operand, Operand];
  const y = empty(shape, 'bool');
  const values = (x: Operand) => (typeof x === 'number' ? null : elementsOf(x));
  const [left, right, to] = [values(p), values(q), y.view()];
  for (let i = 0; i < to.length; i++) to[i] = holds(left?.[i] ?? (p as number), right?.[i] ?? (q as number)) ? 1 : 0;
  return y;
}

/**
 * `a = b` as bool, broadcast; false where either is NaN. As in all comparisons here, operands may have any element types; the result is
 * exact.
 */
export function equal(a: Operand, b: Operand): Tensor {
  return compare('equal', 'equal', a, b);
}

/** `a < b` as bool, broadcast; false where either is NaN. */
export function less(a: Operand, b: Operand): Tensor {
  return compare('less', 'less', a, b);
}

/** `a ≤ b` as bool, broadcast; false where either is NaN. */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return compare('lessEqual', 'lessEqual', a, b);
}

/** `a > b` as bool, broadcast; false where either is NaN. */
export function greater(a: Operand, b: Operand): Tensor {
  return compare('greater', 'less', a, b, true);
}

/** `a ≥ b` as bool, broadcast; false where either is NaN. */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return compare('greaterEqual', 'lessEqual', a, b, true);
}

const BOOLS = ['bool', 'bool'] as const;

/** Logical and of two bool tensors, broadcast. */
export function and(a: Tensor, b: Tensor): Tensor {
  return record('and', binary('and', kernels.and, a, b, 'bool', BOOLS), { inputs: [a, b] });
}

/** Logical or of two bool tensors, broadcast. */
export function or(a: Tensor, b: Tensor): Tensor {
  return record('or', binary('or', kernels.or, a, b, 'bool', BOOLS), { inputs: [a, b] });
}

/** Logical not of a bool tensor. */
export function not(x: Tensor): Tensor {
  expectDType('not', 'x', x, 'bool');
  const y = empty(x.shape, 'bool');
  kernels.not(y.ptr, x.ptr, x.size);
  return record('not', y, { inputs: [x] });
}

/**
 * `a` where the bool `mask` is true, `b` elsewhere; all three broadcast. `a` and `b` have one element type; a number takes the other's.
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
  kernels.where(y.ptr, spread(mask, shape).ptr, spread(p, shape).ptr, spread(q, shape).ptr, y.size);
  return record('where', y, { inputs: [mask, p, q] }, (g) => [
    null,
    p.requiresGrad ? where(mask, g, 0) : null,
    q.requiresGrad ? where(mask, 0, g) : null,
  ]);
}
