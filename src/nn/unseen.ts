// What a mask hides may hold anything. Sums carry NaN and Infinity on even where they count 0 times, in gradients too, so these become 0.

import { allFinite } from '../ops/finite.ts';
import { where } from '../ops/index.ts';
import { zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** `x` `[B, S, D]` with 0 where a mask hides it from all, bool `[B, S]` or `[B, T, S]`; as it is where there is no need. */
export function withoutUnseen(x: Tensor, mask: Tensor): Tensor {
  if (allFinite(x)) return x;
  const [batch, steps] = x.shape as [number, number];
  const seen = zeros([batch, steps, 1], 'bool');
  const [from, to] = [mask.peek(), seen.view()];
  const rows = mask.rank === 2 ? 1 : (mask.shape[1] as number);
  for (let i = 0; i < from.length; i++) if (from[i]) to[Math.floor(i / steps / rows) * steps + (i % steps)] = 1;
  return where(seen, x, 0);
}
