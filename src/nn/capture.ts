import { now } from '../runtime/clock.ts';
import { currentScope, type Storage } from '../runtime/storage.ts';
import { expectSynchronous } from '../runtime/synchronous.ts';
import { shown } from '../tensor/check.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Module, walk } from './module.ts';
import { patternOf } from './pattern.ts';

/** The result of {@link capture}. */
export interface Captured<T> {
  /** The return value of the function. */
  readonly result: T;
  /** Outputs by name, one per call, in the order of the calls. */
  readonly outputs: Map<string, Tensor[]>;
}

/**
 * Runs `fn` and keeps the outputs of a module's parts: `capture(model, 'decoder.attention.*', () => model.forward(…))`. The name of an
 * output is the path of its part; if a method returns several tensors, their names in its result follow: `decoder.attention.weights`. In
 * patterns `*` stands for one name and `**` for any. A method counts if it is called from outside its part, so `forward` stands for the
 * steps that it takes itself. The result keeps its bits.
 *
 * The tensors are those of the model, with their graphs. They live as long as tensors made where `capture` is called, even if the model
 * frees them in a scope of its own. `fn` is synchronous. A pattern that matches no output is an error.
 */
export function capture<T>(module: Module, patterns: string | readonly string[], fn: () => T): Captured<T> {
  if (!(module instanceof Module)) throw new TypeError(`capture: module must be a Module, got ${shown(module)}`);
  const wanted = [patterns].flat().map((text) => {
    if (typeof text !== 'string') throw new TypeError(`capture: patterns must be strings, got ${shown(text)}`);
    return { ...patternOf(text), found: false };
  });
  const outputs = new Map<string, Tensor[]>();
  const names = new Set<string>();
  const keep = keeper();
  const record = (name: string, x: Tensor) => {
    if (name) names.add(name); // a single tensor of the module itself has no name: it is the result of the call
    const matching = wanted.filter((pattern) => pattern.match(name));
    for (const pattern of matching) pattern.found = true;
    if (matching.length === 0) return;
    keep(x);
    outputs.set(name, [...(outputs.get(name) ?? []), x]);
  };
  const undo: (() => void)[] = [];
  let result: T;
  try {
    for (const [part, { path }] of walk(module).seen)
      if (part instanceof Module) watch(part, path, (output) => eachTensor(output, path, record), undo);
    result = fn();
  } finally {
    for (const restore of undo.reverse()) restore();
  }
  expectSynchronous('capture', result);
  const missed = wanted.find(({ found }) => !found);
  if (missed) throw new RangeError(`capture: patterns must each match one of the outputs ${[...names].join(', ')}, got ${missed.text}`);
  return { result, outputs };
}

/** Shadows each method of the class by one of the instance that reports the results of calls from outside. */
function watch(part: Module, path: string, tell: (output: unknown) => void, undo: (() => void)[]): void {
  if (!Object.isExtensible(part)) throw new TypeError(`capture: parts must be open to change, got a frozen one at ${path || 'the root'}`);
  let within = false;
  for (const [name, method] of methodsOf(part)) {
    const before = Object.getOwnPropertyDescriptor(part, name);
    const watched = function (this: unknown, ...given: unknown[]): unknown {
      if (within) return method.apply(this, given);
      within = true;
      try {
        const output = method.apply(this, given);
        tell(output);
        return output;
      } finally {
        within = false;
      }
    };
    Object.defineProperty(part, name, { value: watched, configurable: true, writable: true, enumerable: before?.enumerable ?? false });
    undo.push(() => {
      if (before) Object.defineProperty(part, name, before);
      else Reflect.deleteProperty(part, name);
    });
  }
}

/** The methods of a part, except those of {@link Module} itself. */
function methodsOf(part: Module): Map<string, (...given: unknown[]) => unknown> {
  const found = new Map<string, (...given: unknown[]) => unknown>();
  for (let owner: object = part; owner !== Module.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const [name, { value, configurable }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      const open = owner !== part || configurable;
      if (typeof value === 'function' && name !== 'constructor' && open && !found.has(name)) found.set(name, value);
    }
  }
  return found;
}

/** The tensors of an output by name, in lists and named groups. */
function eachTensor(output: unknown, path: string, use: (name: string, x: Tensor) => void, around: readonly unknown[] = []): void {
  if (output instanceof Tensor) use(path, output);
  const group = Array.isArray(output) || Object.prototype.toString.call(output) === '[object Object]';
  if (!group || output instanceof Tensor || output instanceof Module || around.includes(output)) return;
  for (const [name, part] of Object.entries(output as object)) eachTensor(part, path ? `${path}.${name}` : name, use, [...around, output]);
}

/** Makes new tensors live as long as those made at the time of this call. */
function keeper(): (x: Tensor) => void {
  const [began, here] = [now(), currentScope()];
  return ({ storage }: { storage: Storage }) => {
    if (storage.made > began && storage.scoped) storage.moveTo(here);
  };
}
