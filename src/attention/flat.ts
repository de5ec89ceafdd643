// Turns heads into examples of their own, and back.

import { expand, reshape, sum } from '../ops/index.ts';
import { show } from '../tensor/shape.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import type { Selected } from './parts.ts';

/** Checks operands of heads, `[B, H, N, D]`. */
export function expectHeads(tensors: Readonly<Record<string, Tensor>>): void {
  for (const [name, x] of Object.entries(tensors)) {
    expectTensor('Heads', name, x);
    if (x.rank !== 4) throw new RangeError(`Heads: ${name} must be [B, H, N, D], got ${show(x.shape)}`);
  }
}

/** `[B, H, …]` as `[B · H, …]`. */
export function flat(x: Tensor): Tensor {
  const [batch, heads, ...rest] = x.shape as [number, number, ...number[]];
  return reshape(x, [batch * heads, ...rest]);
}

/** `[B · H, …]` as `[B, H, …]`. */
export function apart(x: Tensor, heads: number): Tensor {
  return reshape(x, [(x.shape[0] as number) / heads, heads, ...x.shape.slice(1)]);
}

/** A mask `[B, 1 or T, S]` repeated for each head, `[B · H, 1 or T, S]`. */
export function maskOfHeads(mask: Tensor, heads: number): Tensor {
  const [batch, queries, keys] = mask.shape as [number, number, number];
  return flat(expand(reshape(mask, [batch, 1, queries, keys]), [batch, heads, queries, keys]));
}

/** What heads selected, `[B · H, …]`, in the form that they return: log-probability and entropy are those of all heads together. */
export function selectedBy(heads: number, { weights, choice, logProbability, entropy, value }: Selected): Selected {
  const all = (x: Tensor) => sum(apart(x, heads), { axis: 1 });
  return {
    weights: apart(weights, heads),
    ...(choice && { choice: apart(choice, heads) }),
    ...(logProbability && { logProbability: all(logProbability) }),
    ...(entropy && { entropy: all(entropy) }),
    ...(value && { value: apart(value, heads) }),
  };
}
