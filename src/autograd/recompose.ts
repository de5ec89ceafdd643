import { detach } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { grad } from './backward.ts';
import { record } from './record.ts';

/**
 * The gradients of `f(...inputs)` as recorded tensors, for an op whose own gradient is a fused kernel and which is now differentiated
 * again: `f` says in ops what the kernel computes. Everything that `f` uses is among its inputs.
 */
export function recompose(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], gradient: Tensor): (Tensor | null)[] {
  const copies = inputs.map((x) => record('input', detach(x), [x], (g) => [g]));
  const links = copies.map((copy) => copy.recorded);
  // While f is differentiated its inputs have no past: else an input's share would hold those of inputs that depend on it.
  for (const copy of copies) {
    copy.leaf = copy.recorded !== null;
    copy.recorded = null;
  }
  const gradients = grad(f(...copies), copies, { gradient, createGraph: true });
  copies.forEach((copy, i) => {
    copy.leaf = false;
    copy.recorded = links[i] ?? null;
  });
  return inputs.map((x, i) => (x.requiresGrad ? (gradients[i] as Tensor) : null));
}
