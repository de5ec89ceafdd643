// What a mask hides may hold anything. Sums carry NaN and Infinity on even where they count 0 times, in gradients too, so these become 0.

import { allFinite } from '../ops/finite.ts';
import { greater, reshape, sum, toFloat, where } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** `x` `[B, S, D]` with 0 where a mask hides it from all, bool `[B, S]` or `[B, T, S]`; as it is where there is no need. */
export function withoutUnseen(x: Tensor, mask: Tensor): Tensor {
  if (allFinite(x)) return x;
  const seen = mask.rank === 2 ? mask : greater(sum(toFloat(mask), { axis: 1 }), 0); // [B, S]
  return where(reshape(seen, [...seen.shape, 1]), x, 0);
}
