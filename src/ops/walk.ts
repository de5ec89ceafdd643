// The one way elements move: from one walk to another over the same shape.

import * as call from '../runtime/generated/calls.ts';
import { collapse, eachInner, type Four, type Shape, sizeOf, stridesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The start of an operand's walk, in elements, and its steps along each axis of the shape. */
export interface Walk {
  at: number;
  strides: readonly number[];
}

/** A walk in memory order. */
export const dense = (shape: Shape): Walk => ({ at: 0, strides: stridesOf(shape) });

/** Copies the elements of a walk over `shape` from `x` into `out`. */
export function copyInto(out: Tensor, to: Walk, x: Tensor, from: Walk, shape: Shape): void {
  const { unit } = out.storage.backend;
  const start = out.ptr + to.at * unit;
  const source = x.ptr + from.at * unit;
  if (sizeOf(shape) === 0) return;
  eachInner<Four, [number, number]>(4, collapse(shape, [to.strides, from.strides]), (lengths, [o, p], [oStrides, xStrides]) => {
    call.copy({ out: start + o * unit, x: source + p * unit, lengths, oStrides, xStrides });
  });
}
