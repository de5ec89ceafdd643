import { threefry } from '../runtime/threefry.ts';

/** A key of the counter-based generator: the same key always draws the same numbers. Two 32-bit words. */
export interface Key {
  readonly hi: number;
  readonly lo: number;
}

/** The key at a counter of another. The first word of a counter says what it is for: 0 is an element of a tensor. */
function at(from: Key, use: number, i: number): Key {
  const [hi, lo] = threefry(from.hi, from.lo, use, i);
  return { hi, lo };
}

/** A key from a whole number of at most 53 bits. */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`key: seed must be a whole number from 0 to 2^53 - 1, got ${seed}`);
  return { hi: Math.floor(seed / 2 ** 32) | 0, lo: seed | 0 };
}

/** `count` independent keys from one; two by default. The old key must not be used to draw afterwards. */
export function split(from: Key): [Key, Key];
export function split(from: Key, count: number): Key[];
export function split(from: Key, count = 2): Key[] {
  return Array.from({ length: count }, (_, i) => at(from, -1, i));
}

/** The key that belongs to a number: step, layer, worker. Like the `i`-th of an endless {@link split}. */
export function foldIn(from: Key, i: number): Key {
  return at(from, -2, i | 0);
}

/** Whole numbers below `bound` on the host, drawn from a key: for shuffles and generators. */
export function randomInt(from: Key, i: number, bound: number): number {
  const { hi, lo } = at(from, -3, i | 0);
  return Math.floor((((hi >>> 5) * 2 ** 26 + (lo >>> 6)) / 2 ** 53) * bound);
}

/** `0 … length - 1` in an order drawn from the key (Fisher and Yates). */
export function permutation(from: Key, length: number): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = randomInt(from, i, i + 1);
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}
