// Shared parts of fused ops, which are composed of ops if they are differentiated again.

import { recording } from '../autograd/record.ts';
import { zeros } from '../tensor/create.ts';
import { empty, Tensor } from '../tensor/tensor.ts';
import { concat, reshape } from './shape.ts';

/** The gradients of several results, in order; `null` where nothing depends on a result. */
export type Gradients = readonly (Tensor | null)[];

/** A fused op, composed of ops: from its inputs in the order of the tape to its results in one row. */
export type Composed = (...inputs: Tensor[]) => Tensor;

/** The gradients of the results, in one row. */
export function joined(gs: Gradients, ys: readonly Tensor[]): Tensor {
  return concat(ys.map((y, i) => reshape(gs[i] ?? zeros(y.shape), [y.size])));
}

/** Whether a call on these inputs is recorded. */
export function tracked(inputs: readonly (Tensor | undefined)[]): boolean {
  return recording() && inputs.some((x) => x?.requiresGrad);
}

/** Room for gradients, one behind the other where none is a leaf's: then a packed projection gets them without a copy. */
export function sideBySide(of: readonly Tensor[]): Tensor[] {
  if (of.some((x) => x.leaf)) return of.map((x) => empty(x.shape));
  const { storage } = empty([of.reduce((sum, x) => sum + x.size, 0)]);
  let offset = 0;
  return of.map(({ shape, size }) => {
    offset += size;
    return new Tensor(storage, shape, 'float32', offset - size);
  });
}
