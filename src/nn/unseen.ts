// Masked elements may hold anything. Sums pass on NaN and Infinity even with weight 0, in gradients too, so these become 0.

import { allFinite } from '../ops/finite.ts';
import { or, where } from '../ops/index.ts';
import { taken } from '../ops/runs.ts';
import { viewed } from '../ops/view.ts';
import { zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** `x` `[B, S, D]` with 0 where a mask hides it from all queries, bool `[B, S]` or `[B, T, S]`; unchanged if there is no need. */
export function withoutUnseen(x: Tensor, mask: Tensor): Tensor {
  return allFinite(x) ? x : where(seenByAny(mask), x, 0);
}

/** bool `[B, S, 1]`: what any query sees. */
function seenByAny(mask: Tensor): Tensor {
  const [batch, steps] = [mask.shape[0] as number, mask.shape.at(-1) as number];
  let seen = zeros([batch, steps, 1], 'bool');
  for (let t = mask.rank === 2 ? 0 : (mask.shape[1] as number) - 1; t >= 0; t--) {
    const row = mask.rank === 2 ? mask : taken(mask, 1, { from: t, step: 1, count: 1 });
    seen = or(seen, viewed(row, seen.shape));
  }
  return seen;
}
