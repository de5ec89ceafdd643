import { currentScope } from '../runtime/storage.ts';
import { persist } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The leaf that owns each gradient. A gradient that is not listed belongs to the caller. */
const owners = new WeakMap<Tensor, Tensor>();

/** Drops the gradient of a leaf. One that the leaf owns is freed when the open scope ends, or at once outside scopes. */
export function dropGradient(leaf: Tensor): void {
  const { grad } = leaf;
  leaf.grad = null;
  if (!grad || owners.get(grad) !== leaf) return;
  owners.delete(grad);
  const scope = currentScope();
  if (scope) grad.storage.moveTo(scope);
  else grad.storage.free();
}

/** Replaces the gradient of a leaf by one whose memory nobody else uses. */
export function setGradient(leaf: Tensor, gradient: Tensor): void {
  dropGradient(leaf);
  owners.set(gradient, leaf);
  leaf.grad = persist(gradient);
}
