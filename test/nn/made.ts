// How a part is made with options, and what they refuse.
import { type Key, key } from '../../src/tensor/random.ts';

export interface Made {
  /** All options, including optional ones. A number is a size, a whole number from 1, unless it is in `numbers`. */
  options: Readonly<Record<string, unknown>>;
  make(options: object): unknown;
  /** Numbers that are not sizes, each with some refused values. */
  numbers?: Readonly<Record<string, readonly unknown[]>>;
  /** Takes no key. */
  keyless?: true;
  /** The name in messages; by default the exported one. */
  says?: string;
}

export const from: Key = key(1);
export const never = [Number.NaN, '3', null];
export const share = [...never, -0.1, 1];
export const positive = [...never, 0, -1, Number.POSITIVE_INFINITY];
export const finite = [...never, Number.POSITIVE_INFINITY];
export const made = (Kind: new (options: never, key: Key) => unknown, options: Made['options'], rest: Partial<Made> = {}): Made => ({
  options,
  make: (given) => new Kind(given as never, from),
  ...rest,
});
export const called = (f: (options: never) => unknown, options: Made['options'], rest: Partial<Made> = {}): Made => ({
  options,
  make: (given) => f(given as never),
  keyless: true,
  ...rest,
});
