// Writes rows into a block, for the block's owner. It is not an op, since nothing that was there before changes.

import * as call from '../runtime/generated/calls.ts';
import { passed } from '../tensor/observe.ts';
import { type Four, stridesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Which rows to copy for an example: from row `from` of `x` to row `to` of the block. */
export interface Rows {
  from: number;
  to: number;
  count: number;
}

/**
 * Copies rows of `x` `[B, G, N, D]` into `block` `[B, G, C, D]`, as `rows` says for each example. It changes the block's elements, so it
 * may only write rows that nobody reads.
 */
export function writeRows(block: Tensor, x: Tensor, rows: readonly Rows[]): void {
  const [to, from] = [stridesOf(block.shape), stridesOf(x.shape)] as [Four, Four];
  const { unit } = block.storage.backend;
  const [, groups, , width] = x.shape as [number, number, number, number];
  const alike = rows.every((row) => row.from === rows[0]?.from && row.to === rows[0].to && row.count === rows[0].count);
  const each = alike ? rows.slice(0, 1) : rows;
  const examples = alike ? rows.length : 1;
  each.forEach(({ from: first, to: at, count }, b) => {
    const [start, source] = [b * to[0] + at * width, b * from[0] + first * width];
    const lengths: Four = [examples, groups, 1, count * width]; // rows of a head lie one behind the other
    call.copy({ out: block.ptr + start * unit, x: x.ptr + source * unit, lengths, oStrides: to, xStrides: from });
  });
  passed('writeRows');
}
