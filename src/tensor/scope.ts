import { currentScope, Storage, within } from '../runtime/storage.ts';
import { type Recorded, Tensor } from './tensor.ts';

const ended: Omit<Recorded, 'order'> = {
  name: 'scope',
  inputs: [],
  backward: () => {
    throw new Error(
      'backward: the graph must still be alive, got a tensor that left the scope it was computed in (use detach, or call backward inside)',
    );
  },
};

/**
 * Runs `fn` and frees every tensor it made, save those found in what it returns (in arrays, maps, plain objects and modules too).
 * A tensor that leaves the scope keeps its value and loses its graph. Scopes nest; `fn` is synchronous.
 */
export function scope<T>(fn: () => T): T {
  const outer = currentScope();
  const list: Storage[] = [];
  try {
    const result = within(list, fn);
    if (result instanceof Promise) throw new TypeError('scope: fn must be synchronous, got a promise');
    keep(result, list, outer, new Set());
    return result;
  } finally {
    Storage.release(list);
  }
}

function keep(value: unknown, from: Storage[], to: Storage[] | null, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Tensor) {
    if (value.storage.ownedBy(from)) {
      value.storage.moveTo(to);
      if (value.recorded) value.recorded = { ...ended, order: value.recorded.order };
    }
    if (value.grad) keep(value.grad, from, to, seen);
    return;
  }
  const parts = value instanceof Map ? value.values() : Array.isArray(value) ? value : Object.values(value);
  for (const part of parts) keep(part, from, to, seen);
}

/** Makes tensors outlive every scope: the collector frees them when nothing refers to them. Returns its argument. */
export function persist<T extends Tensor>(x: T): T {
  x.storage.moveTo(null);
  return x;
}

/** Runs `fn` as if outside every scope: what it makes is freed by the collector, or by hand. */
export function outside<T>(fn: () => T): T {
  return within(null, fn);
}
