// What fused ops share that are composed of ops where they are differentiated again.

import { recording } from '../autograd/record.ts';
import { zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { concat, reshape } from './shape.ts';

/** Of several results, in their order; `null` where nothing depends on one. */
export type Gradients = readonly (Tensor | null)[];

/** A fused op in ops: from its inputs in the order of the tape to its results in one row. */
export type Composed = (...inputs: Tensor[]) => Tensor;

/** The gradients of results in one row. */
export function joined(gs: Gradients, ys: readonly Tensor[]): Tensor {
  return concat(ys.map((y, i) => reshape(gs[i] ?? zeros(y.shape), [y.size])));
}

/** Whether a call on these inputs is recorded. */
export function tracked(inputs: readonly Tensor[]): boolean {
  return recording() && inputs.some((x) => x.requiresGrad);
}
