import { currentScope } from '../runtime/storage.ts';
import { persist } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Which leaf owns a gradient. What is not here came from the caller, who frees it. */
const owners = new WeakMap<Tensor, Tensor>();

/** Forgets the gradient of a leaf. The leaf's own is freed: with the open scope, whose end is known, or at once where there is none. */
export function dropGradient(leaf: Tensor): void {
  const { grad } = leaf;
  leaf.grad = null;
  if (!grad || owners.get(grad) !== leaf) return;
  owners.delete(grad);
  const scope = currentScope();
  if (scope) grad.storage.moveTo(scope);
  else grad.storage.free();
}

/** Gives a leaf a gradient of its own, whose memory nobody else uses, in place of the one it has. */
export function setGradient(leaf: Tensor, gradient: Tensor): void {
  dropGradient(leaf);
  owners.set(gradient, leaf);
  leaf.grad = persist(gradient);
}
