// In what order cells were written to: the temporal links of the differentiable neural computer (Graves et al. 2016, "Hybrid computing using a neural network with
// dynamic external memory", Methods).

import { add, matmul, mul, oneHot, reshape, sub, sum } from '../ops/index.ts';
import { expectFields } from '../tensor/check.ts';
import { arange, zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectShape } from './expect.ts';

/** Which cell was written to after which. */
export interface MemoryLinks {
  /** L: how much cell i was written to after cell j, `[B, N, N]`, 0 where i = j. */
  readonly links: Tensor;
  /** p: how much each cell was the last that was written to, `[B, N]`. */
  readonly precedence: Tensor;
}

/** The links of a memory of so many cells that nothing was written to. */
export function noLinks(batch: number, cells: number): MemoryLinks {
  return { links: zeros([batch, cells, cells]), precedence: zeros([batch, cells]) };
}

/**
 * The links after a head wrote with weights w `[B, N]`: `Lᵢⱼ = (1 − wᵢ − wⱼ) Lᵢⱼ′ + wᵢ pⱼ′`, 0 where i = j, and `p = (1 − Σ w) p′ + w`. N² numbers an example: the cost grows
 * with the square of the cells.
 */
export function linkMemory(memory: MemoryLinks, written: Tensor): MemoryLinks {
  expectFields('linkMemory', 'memory', memory, 'links', 'precedence');
  const { links, precedence } = memory;
  expectShape('linkMemory', 'written', written, ['B', 'N']);
  const [batch, cells] = written.shape as readonly [number, number];
  expectShape('linkMemory', 'links', links, [batch, cells, cells]);
  expectShape('linkMemory', 'precedence', precedence, [batch, cells]);
  const [after, before] = [reshape(written, [batch, cells, 1]), reshape(written, [batch, 1, cells])];
  const kept = mul(sub(sub(1, after), before), links); // [B, N, N]
  const added = mul(after, reshape(precedence, [batch, 1, cells]));
  const apart = sub(1, oneHot(arange(cells), cells)); // [N, N]
  const rest = sub(1, sum(written, { axis: 1, keepDims: true })); // [B, 1]
  return { links: mul(add(kept, added), apart), precedence: add(mul(rest, precedence), written) };
}

/** Where heads with weights `[B, H, N]` come by links `[B, N, N]`: to what was written after, `forward`, and before, `backward`, `[B, H, N]` each. */
export function followLinks(links: Tensor, weights: Tensor): { forward: Tensor; backward: Tensor } {
  expectShape('followLinks', 'links', links, ['B', 'N', 'N']);
  const [batch, cells] = links.shape as readonly [number, number];
  expectShape('followLinks', 'weights', weights, [batch, 'H', cells]);
  return { forward: matmul(weights, links, { transposeB: true }), backward: matmul(weights, links) };
}
