import { type Storage, scoped, within } from '../runtime/storage.ts';
import { expectSynchronous, isGenerator, isThenable } from '../runtime/synchronous.ts';
import { isFunction } from './check.ts';
import { expectTensor, type Recorded, Tensor } from './tensor.ts';

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
 * Runs `fn` and frees every tensor it made except those found in its result: in arrays, maps and their keys, sets, plain objects and
 * modules, at any depth. A tensor that leaves the scope keeps its value and loses its graph. Scopes nest; `fn` is synchronous.
 */
export function scope<T>(fn: () => T): T {
  isFunction('scope', 'fn', fn);
  return scoped(fn, keep);
}

/** Moves the tensors in `result` to the outer scope. A promise is refused: the code it awaits would only find freed tensors. */
function keep(result: unknown, from: Storage[], to: Storage[] | null): void {
  if (typeof result !== 'object') return;
  if (result instanceof Tensor && !result.grad) {
    handOn(result, from, to); // the common case
    return;
  }
  const seen = new Set<unknown>();
  const waiting: unknown[] = [result];
  let late: unknown;
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Tensor) {
      handOn(value, from, to);
      waiting.push(value.grad);
    } else if (isThenable(value)) late = late ? Promise.all([late, value]) : value;
    else if (isGenerator(value)) late ??= value;
    else for (const part of partsOf(value)) if (typeof part === 'object') waiting.push(part);
  }
  expectSynchronous('scope', late);
}

function handOn(x: Tensor, from: Storage[], to: Storage[] | null): void {
  if (!x.storage.ownedBy(from)) return;
  x.storage.moveTo(to);
  if (x.recorded) x.recorded = { ...ended, order: x.recorded.order };
}

function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return Reflect.ownKeys(value).map((name) => (value as Record<PropertyKey, unknown>)[name]);
}

/** Lets a tensor outlive every scope; the collector frees it once nothing refers to it. Returns its argument. */
export function persist<T extends Tensor>(x: T): T {
  expectTensor('persist', 'x', x);
  x.storage.moveTo(null);
  return x;
}

/** Runs `fn`, which is synchronous, as if outside every scope: its tensors are freed by the collector or by hand. */
export function outside<T>(fn: () => T): T {
  isFunction('outside', 'fn', fn);
  const result = within(null, fn);
  expectSynchronous('outside', result);
  return result;
}
