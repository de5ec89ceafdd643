// State of modules that no gradient reaches: buffers, and frozen parameters.

import { dropGradient } from '../autograd/gradients.ts';
import { parameter } from '../autograd/parameter.ts';
import { expectOptions, isFlag, maybe, shown } from '../tensor/check.ts';
import { outside, persist } from '../tensor/scope.ts';
import { sameShape } from '../tensor/shape.ts';
import { expectTensor, kindOf, Tensor } from '../tensor/tensor.ts';
import { kept, Module } from './module.ts';

/**
 * A buffer: a tensor of any type that is saved and loaded with its module but not trained, such as running statistics. `make` runs outside
 * every scope. {@link assign} replaces its values in place, so the tensor stays the same one.
 */
export function buffer(make: () => Tensor): Tensor {
  const made: unknown = outside(make);
  expectTensor('buffer', 'result', made);
  if (made.requiresGrad) throw new TypeError(`buffer: result must be detached, got a ${made.leaf ? 'parameter' : 'recorded tensor'}`);
  kept.set(made, 'buffer');
  return persist(made);
}

/**
 * Replaces the values of a buffer or a parameter in place by those of a tensor of its shape and type. If an earlier op needs the old values
 * for its gradient, that gradient throws.
 */
export function assign(to: Tensor, from: Tensor): void {
  expectTensor('assign', 'to', to);
  expectTensor('assign', 'from', from);
  if (!(to.leaf || kept.has(to))) throw new TypeError(`assign: to must be made by param or buffer, got another ${kindOf(to)}`);
  if (!sameShape(to.shape, from.shape) || to.dtype !== from.dtype)
    throw new RangeError(`assign: from must be ${kindOf(to)}, got ${kindOf(from)}`);
  to.peek().set(from.peek());
  to.storage.touch();
}

/**
 * Freezes a parameter, or all parameters of a module: they are saved and loaded as before, but they are not trained and have no gradient.
 * Optimisers skip them.
 */
export function freeze(part: Module | Tensor): void {
  for (const x of stateOf('freeze', part)) {
    if (!x.leaf) continue;
    dropGradient(x);
    x.leaf = false;
    kept.set(x, 'frozen');
  }
}

/** Undoes {@link freeze}. Buffers stay buffers. */
export function unfreeze(part: Module | Tensor): void {
  for (const x of stateOf('unfreeze', part)) {
    if (!isFrozen(x)) continue;
    kept.delete(x);
    parameter(x);
  }
}

/** The number of elements that a module learns; shared parameters count once, and frozen ones count unless `frozen` is false. */
export function parameterCount(module: Module, options: { frozen?: boolean | undefined } = {}): number {
  expectOptions('parameterCount', options, { frozen: maybe(isFlag) });
  const { frozen = true } = options;
  return stateOf('parameterCount', module).reduce((sum, x) => sum + (x.leaf || (frozen && isFrozen(x)) ? x.size : 0), 0);
}

const isFrozen = (x: Tensor): boolean => kept.get(x) === 'frozen';

/** The parameters and buffers of a module, or the single one given. */
function stateOf(op: string, part: Module | Tensor): Tensor[] {
  if (part instanceof Module) return [...part.stateDict().values()];
  if (part instanceof Tensor && (part.leaf || kept.has(part))) return [part];
  throw new TypeError(`${op}: part must be a module or a parameter, got ${part instanceof Tensor ? kindOf(part) : shown(part)}`);
}
