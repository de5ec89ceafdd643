// Checks whether saved tensors fit those that they replace.

import { shown } from '../tensor/check.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A value for a message: type and shape of a tensor, or the name of a class. */
export function described(value: unknown): string {
  if (value instanceof Tensor) return `${value.dtype} ${show(value.shape)}`;
  return typeof value === 'object' && value && !Array.isArray(value) ? `a ${value.constructor?.name ?? 'object'}` : shown(value);
}

/** Refuses anything but a Map, such as a plain object. */
export function expectMap(dict: unknown): void {
  if (!(dict instanceof Map)) throw new TypeError(`loadStateDict: dict must be a Map from paths to tensors, got ${shown(dict)}`);
}

/** Throws if given paths are unknown or missing; `rule` says whose they must be. */
export function expectSamePaths(rule: string, given: ReadonlyMap<string, unknown>, own: ReadonlyMap<string, unknown>): void {
  const without = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>) => [...a.keys()].filter((path) => !b.has(path));
  const [unknown, missing] = [without(given, own), without(own, given)];
  if (unknown.length + missing.length > 0) {
    throw new Error(`loadStateDict: ${rule}, got unknown [${unknown.join(', ')}] and missing [${missing.join(', ')}]`);
  }
}

/** Checks that `from` is a tensor of the type and shape of `to`. */
export function expectFits(op: string, path: string, from: unknown, to: Tensor): asserts from is Tensor {
  if (from instanceof Tensor && sameShape(from.shape, to.shape) && from.dtype === to.dtype) return;
  throw new RangeError(`${op}: ${path} must be ${described(to)}, got ${described(from)}`);
}
