// Heads that are one op: what their parts say, as its options.

import { add, matmul, scaledDotProductAttention } from '../ops/index.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Attention } from './attention.ts';
import type { Places } from './parts.ts';

/** What a call says besides its parts. */
export interface Told {
  /** bool `[B, 1, 1 or T, S]`. */
  mask?: Tensor | undefined;
  /** int32 `[B, 1]`: the place of each example's first query, if it is not such that the last is at the last key. */
  first?: Tensor | undefined;
  /** S, if keys and values have rows to spare. */
  length?: number | undefined;
  weights: boolean;
  /** Weights are dropped. */
  key?: Key | undefined;
}

/** Attention of queries `[B, H, T, D]` to keys and values `[B, G, S, D]` in one op, as these parts and places have it. */
export function inOneOp(
  { score, selection, window }: Attention,
  [q, k, v]: readonly [Tensor, Tensor, Tensor],
  { mask: allowed, before, after, slopes, bias, distance }: Places,
  { mask, first, length, weights, key }: Told,
): { output: Tensor; weights?: Tensor } {
  const own = distance && { bias: distance.bias, zero: distance.zero };
  const beside = window?.beside;
  const placed = before !== undefined || after !== undefined || slopes || own || beside;
  const options = {
    ...(score.kind === 'dot' && { scale: score.scale ?? 1 }),
    ...(score.softcap && { softcap: score.softcap }),
    ...((mask ?? allowed) && { mask: mask ?? allowed }),
    ...(bias && { bias }),
    ...(before !== undefined && { before }),
    ...(after === 0 ? { causal: true } : after !== undefined && { after }),
    ...(slopes && { slopes }),
    ...(placed && first && { places: first }),
    ...(length !== undefined && { length }),
    ...(weights && { weights }),
    ...(key && selection.dropout && { key, dropout: selection.dropout }),
  };
  if (!beside) return scaledDotProductAttention(q, k, v, own ? { ...options, distance: own } : options);
  const { table, zero } = beside;
  const { output, sums, ...rest } = scaledDotProductAttention(q, k, v, {
    ...options,
    distance: { ...own, zero, span: table.shape[0] as number, sums: true },
  });
  return { output: add(output, matmul(sums, table)), ...rest };
}
