// Arithmetic of float32 tensors alone, for gradients, losses and attention. The public ops of the same names also take numbers and int32.

import { type BinaryKernel, binary, sumTo } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { viewed } from './view.ts';

/**
 * The gradient of one operand of a binary op, from that of the result `y`. One function serves all calls: a closure per call would cost a
 * tenth of the op.
 */
export type Slope = (g: Tensor, y: Tensor, a: Tensor, b: Tensor) => Tensor;

/** The gradients of a sum. */
export const same: Slope = (g) => g;

/** A binary op with its gradients. Each gradient is computed only if it is wanted. */
export function both(name: string, kernel: BinaryKernel, a: Tensor, b: Tensor, da: Slope, db: Slope): Tensor {
  const y = binary(name, kernel, a, b);
  return record(name, y, { inputs: [a, b] }, (g) => [a.requiresGrad ? da(g, y, a, b) : null, b.requiresGrad ? db(g, y, a, b) : null]);
}

/** `scale · x + shift` for numbers, recorded under the name `op` with its operand called `name`. Gradient: `scale · g`. */
export function line(op: string, name: string, x: Tensor, scale: number, shift: number): Tensor {
  expectDType(op, name, x, 'float32');
  const y = empty(x.shape);
  kernels.affine(y.ptr, x.ptr, x.size, scale, shift);
  return record('affine', y, { inputs: [x], attributes: { scale, shift } }, (g) => [scaled(g, scale)]);
}

/** `scale · x`. A shift of −0 changes nothing, not even the sign of a zero. */
export const scaled = (x: Tensor, scale: number): Tensor => line('mul', 'a', x, scale, -0);

/** `−x`. Gradient: `−g`. */
export function floatNeg(x: Tensor): Tensor {
  expectDType('neg', 'x', x, 'float32');
  const y = empty(x.shape);
  kernels.neg(y.ptr, x.ptr, x.size);
  return record('neg', y, { inputs: [x] }, (g) => [floatNeg(g)]);
}

/** `a − b`, broadcast. Gradients: `g`, `−g`. */
export function floatSub(a: Tensor, b: Tensor): Tensor {
  return both('sub', kernels.sub, a, b, same, floatNeg);
}

const byB: Slope = (g, _, __, b) => floatMul(g, b);
const byA: Slope = (g, _, a) => floatMul(g, a);

/** `a · b`, element by element, broadcast. Gradients: `g·b`, `g·a`. */
export function floatMul(a: Tensor, b: Tensor): Tensor {
  return both('mul', kernels.mul, a, b, byB, byA);
}

/** The sum of all elements. */
export function sumAll(x: Tensor): Tensor {
  return viewed(
    sumTo(
      x,
      x.shape.map(() => 1),
    ),
    [],
  );
}

/** Sums over the last axis, which keeps length 1. */
export const sumRows = (x: Tensor): Tensor => sumTo(x, x.shape.with(-1, 1));
