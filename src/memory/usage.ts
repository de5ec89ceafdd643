// Which cells of a memory are in use, and where a head should write that wants a free one: the differentiable neural computer's dynamic memory allocation (Graves
// et al. 2016, "Hybrid computing using a neural network with dynamic external memory", Methods).

import { add, argsort, cumprod, mul, reshape, slice, sub, takeAlongAxis } from '../ops/index.ts';
import { expectFields } from '../tensor/check.ts';
import { ones } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectShape } from './expect.ts';

/** What the heads did in a step. */
export interface HeadsDid {
  /** Where those that write wrote: `[B, writes, N]`. */
  readonly written: Tensor;
  /** Where those that read read: `[B, reads, N]`. */
  readonly read: Tensor;
  /** How much of what each of these read is free again, in [0, 1]: `[B, reads]`. */
  readonly free: Tensor;
}

/** `Π (1 − xₕ)` over the heads of `[B, H, N]`: `[B, N]`. */
function without(x: Tensor): Tensor {
  const [batch, heads, cells] = x.shape as unknown as [number, number, number];
  const rests = Array.from({ length: heads }, (_, h) => sub(1, reshape(slice(x, 1, h, h + 1), [batch, cells])));
  return rests.reduce((all, rest) => mul(all, rest), ones([batch, cells]));
}

/**
 * How much each cell is in use after a step: `u = (u′ + w − u′ w) ∏ᵣ (1 − fᵣ wᵣ)`, with the weights w of writing, of several heads `1 − ∏ (1 − w)`, and those of
 * reading wᵣ with their free gates fᵣ. Usage before, in [0, 1], and after are `[B, N]`; at first it is 0.
 */
export function memoryUsage(previous: Tensor, heads: HeadsDid): Tensor {
  expectFields('memoryUsage', 'heads', heads, 'written', 'read', 'free');
  const { written, read, free } = heads;
  expectShape('memoryUsage', 'previous', previous, ['B', 'N']);
  const [batch, cells] = previous.shape as readonly [number, number];
  expectShape('memoryUsage', 'written', written, [batch, 'writes', cells]);
  expectShape('memoryUsage', 'read', read, [batch, 'reads', cells]);
  const reads = read.shape[1] as number;
  expectShape('memoryUsage', 'free', free, [batch, reads]);
  const used = add(previous, mul(sub(1, previous), sub(1, without(written))));
  return mul(used, without(mul(read, reshape(free, [batch, reads, 1]))));
}

/**
 * Weights that a head should write with to use free cells: `a[φⱼ] = (1 − u[φⱼ]) ∏ u[φᵢ]` over i < j, where φ lists the cells by usage, the least used
 * first, and among equals the lower index. From usage in [0, 1], `[B, N]`, to `[B, N]`; the weights add up to 1 − ∏ u. The order itself has no gradient.
 */
export function allocationWeights(usage: Tensor): Tensor {
  expectShape('allocationWeights', 'usage', usage, ['B', 'N']);
  const order = argsort(usage);
  const sorted = takeAlongAxis(usage, order);
  return takeAlongAxis(mul(sub(1, sorted), cumprod(sorted, { exclusive: true })), argsort(order));
}
