import { div, maximum, mul, reshape, sub, sum, where } from '../ops/index.ts';
import { tensor } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The pinball loss of quantiles (Koenker and Bassett 1978): `max(q e, (q − 1) e)` of the error e over the column's scale, on the mean over quantiles and what
 * is known. `x` `[B, T, I, N]`, `truth` and `known` (bool) `[B, T, I]`, `scale` `[I]`. 0 where nothing is known.
 */
export function pinball(x: Tensor, truth: Tensor, known: Tensor, scale: Tensor, quantiles: readonly number[]): Tensor {
  const error = div(sub(reshape(truth, [...truth.shape, 1]), x), reshape(scale, [-1, 1])); // [B, T, I, N]
  const share = tensor(quantiles); // [N]
  const each = maximum(mul(error, share), mul(error, sub(share, 1)));
  const real = where(reshape(known, [...known.shape, 1]), each, 0);
  let count = 0;
  for (const one of known.peek()) count += one;
  return mul(sum(real), 1 / Math.max(1, count * quantiles.length));
}
