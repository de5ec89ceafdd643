// One vector for a sequence of vectors, whatever its padding holds.

import { lengthsToMask } from '../../attention/mask.ts';
import { div, maximum, sqrt, square, sum, toFloat, where } from '../../ops/index.ts';
import { viewed } from '../../ops/view.ts';
import { type Shape, sameShape } from '../../tensor/shape.ts';
import { expectDType, kindOf, Tensor } from '../../tensor/tensor.ts';

/** Which tokens of a batch are real: one of the two, or neither where all are. */
export interface RealTokens {
  /** How many of each example; what stands behind them is padding. Numbers, or int32 `[B]`. */
  lengths?: readonly number[] | Tensor | undefined;
  /** bool `[B, T]`, true where a token is real. */
  mask?: Tensor | undefined;
}

/** Where tokens `[B, T]` are real, bool of their shape; nothing where all of them are. */
export function maskOfReal(op: string, tokens: Shape, { lengths, mask }: RealTokens): Tensor | undefined {
  if (lengths === undefined && mask === undefined) return undefined;
  const [batch, time = 0] = tokens;
  if (lengths !== undefined && mask !== undefined) throw new TypeError(`${op}: lengths must be given without a mask, got both`);
  const real = mask ?? lengthsToMask(lengths as readonly number[] | Tensor, { size: time });
  if (real instanceof Tensor && real.dtype === 'bool' && sameShape(real.shape, tokens)) return real;
  const [name, rule] = mask ? ['mask', `bool [${batch}, ${time}]`] : ['lengths', `of ${batch} examples`];
  throw new RangeError(`${op}: ${name} must be ${rule}, got ${kindOf(real)}`);
}

/**
 * The mean of the real rows of each example: `[B, T, D]` under a mask (bool `[B, T]`, true = real) to `[B, D]`; 0 where none is. Rows that are
 * padding change no bit, whatever they hold: they come last, and rows are added in order.
 */
export function meanPool(hidden: Tensor, mask?: Tensor): Tensor {
  expectDType('meanPool', 'hidden', hidden, 'float32');
  const [batch = 0, time = 0] = hidden.shape;
  if (hidden.rank !== 3) throw new RangeError(`meanPool: hidden must be [B, T, D], got ${kindOf(hidden)}`);
  if (!mask) return div(sum(hidden, { axis: 1 }), Math.max(time, 1));
  const real = maskOfReal('meanPool', [batch, time], { mask }) as Tensor;
  const kept = where(viewed(real, [batch, time, 1]), hidden, 0); // [B, T, D]
  return div(sum(kept, { axis: 1 }), maximum(sum(toFloat(real), { axis: 1, keepDims: true }), 1));
}

/** `x / √(Σ x²)` along the last axis; a vector of zeros stays 0. */
export function unitLength(x: Tensor): Tensor {
  return div(x, sqrt(maximum(sum(square(x), { axis: -1, keepDims: true }), 1e-24)));
}
