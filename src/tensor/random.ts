import { threefry } from '../runtime/threefry.ts';
import { expectKey, isSize, isWhole, ruleOf, shown } from './check.ts';
import type { Key } from './key.ts';

export type { Key };

/** The key at a counter of another. The first word of a counter says what it is for: 0 is an element of a tensor. */
function at(op: string, from: Key, use: number, i: number): Key {
  expectKey(op, from);
  const [hi, lo] = threefry(from.hi, from.lo, use, i);
  return { hi, lo };
}

/** What a counter can hold: 32 bits. */
const isCounter = /* @__PURE__ */ ruleOf(
  'a whole number from 0 to 4294967295',
  (i) => Number.isInteger(i) && (i as number) >= 0 && (i as number) < 2 ** 32,
);

/** A key from a whole number of at most 53 bits. */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`key: seed must be a whole number from 0 to 2^53 - 1, got ${shown(seed)}`);
  return { hi: Math.floor(seed / 2 ** 32) | 0, lo: seed | 0 };
}

interface Tuples {
  1: [Key];
  2: [Key, Key];
  3: [Key, Key, Key];
  4: [Key, Key, Key, Key];
  5: [Key, Key, Key, Key, Key];
  6: [Key, Key, Key, Key, Key, Key];
  7: [Key, Key, Key, Key, Key, Key, Key];
  8: [Key, Key, Key, Key, Key, Key, Key, Key];
}

/** `N` keys: a tuple where the type knows how many, up to 8. */
export type Keys<N extends number> = N extends keyof Tuples ? Tuples[N] : Key[];

/** `count` independent keys from one; two by default. The old key must not be used to draw afterwards. */
export function split<N extends number = 2>(from: Key, count?: N): Keys<N> {
  expectKey('split', from);
  const length = count ?? 2;
  isWhole(0)('split', 'count', length);
  return Array.from({ length }, (_, i) => at('split', from, -1, i)) as Keys<N>;
}

/** The key that belongs to a number: step, layer, worker. Like the `i`-th of an endless {@link split}. */
export function foldIn(from: Key, i: number): Key {
  isCounter('foldIn', 'i', i);
  return at('foldIn', from, -2, i | 0);
}

/** A whole number below `bound`, the `i`-th of those drawn from a key on the host: for shuffles and generators. */
export function randomInt(from: Key, i: number, bound: number): number {
  isCounter('randomInt', 'i', i);
  isSize('randomInt', 'bound', bound);
  const { hi, lo } = at('randomInt', from, -3, i | 0);
  return Math.floor((((hi >>> 5) * 2 ** 26 + (lo >>> 6)) / 2 ** 53) * bound);
}

/** What int32 can count, and an engine can hold. */
const isOrder = /* @__PURE__ */ ruleOf(
  'a whole number from 0 to 2147483647',
  (n) => Number.isInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 31,
);

/** `0 … length - 1` in an order drawn from the key (Fisher and Yates). */
export function permutation(from: Key, length: number): Int32Array {
  expectKey('permutation', from);
  isOrder('permutation', 'length', length);
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = randomInt(from, i, i + 1);
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}
