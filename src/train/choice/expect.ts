// What the losses and targets of choices ask of their operands.

import { reshape, where } from '../../ops/index.ts';
import { maybe, type Rule, ruleOf } from '../../tensor/check.ts';
import { detach } from '../../tensor/create.ts';
import { type Shape, sameShape, show } from '../../tensor/shape.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';

/** A share of the whole: in [0, 1]. */
export const isFraction: Rule = /* @__PURE__ */ ruleOf('in [0, 1]', (value) => typeof value === 'number' && value >= 0 && value <= 1);

/** A finite number, with a default. */
export const isWeight: Rule = /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a finite number', Number.isFinite));

/** Throws unless `x` has exactly this shape and type: a broadcast would change what a mean is over. */
export function expectLike(op: string, name: string, x: Tensor, shape: Shape, dtype: 'float32' | 'int32' | 'bool' = 'float32'): void {
  expectDType(op, name, x, dtype);
  if (!sameShape(x.shape, shape)) throw new RangeError(`${op}: ${name} must be ${show(shape)}, got ${show(x.shape)}`);
}

/** `x` without gradient, with axes of 1 appended; its axes must lead `shape`. */
export function constantLike(op: string, name: string, x: Tensor, { shape }: Tensor): Tensor {
  expectDType(op, name, x, 'float32');
  if (!sameShape(x.shape, shape.slice(0, x.rank))) {
    throw new RangeError(`${op}: ${name} must have leading axes of ${show(shape)}, got ${show(x.shape)}`);
  }
  return reshape(detach(x), [...x.shape, ...shape.slice(x.rank).map(() => 1)]);
}

/** Elements where `mask` is true, and 0 elsewhere: what is hidden may be NaN, and reaches neither value nor gradient. */
export const counted = (mask: Tensor | undefined) => (x: Tensor) => (mask ? where(mask, x, 0) : x);

/** Throws unless a bool mask broadcasts to `shape` without enlarging it. */
export function expectMask(op: string, mask: Tensor, shape: Shape): void {
  expectDType(op, 'mask', mask, 'bool');
  const missing = shape.length - mask.rank;
  const fits = missing >= 0 && mask.shape.every((length, axis) => length === 1 || length === shape[axis + missing]);
  if (!fits) throw new RangeError(`${op}: mask must broadcast to ${show(shape)}, got ${show(mask.shape)}`);
}
