import { threefry } from '../runtime/threefry.ts';
import { expectKey, isSize, isWhole, ruleOf, shown } from './check.ts';
import type { Key } from './key.ts';

export type { Key };

/** The key at a counter of another key. The counter's first word is its purpose; 0 stands for tensor elements. */
function at(op: string, from: Key, use: number, i: number): Key {
  expectKey(op, from);
  const [hi, lo] = threefry(from.hi, from.lo, use, i);
  return { hi, lo };
}

/** The range of a counter: 32 bits. */
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

/** `N` keys: a tuple where `N` is known to the type, up to 8. */
export type Keys<N extends number> = N extends keyof Tuples ? Tuples[N] : Key[];

/** Derives `count` independent keys, two by default. Do not draw from the old key afterwards. */
export function split<N extends number = 2>(from: Key, count?: N): Keys<N> {
  expectKey('split', from);
  const length = count ?? 2;
  isWhole(0)('split', 'count', length);
  return Array.from({ length }, (_, i) => at('split', from, -1, i)) as Keys<N>;
}

/** Derives the key of a number: a step, a layer, a worker. It is the `i`-th of an endless {@link split}. */
export function foldIn(from: Key, i: number): Key {
  isCounter('foldIn', 'i', i);
  return at('foldIn', from, -2, i | 0);
}

/** The `i`-th whole number below `bound` drawn from a key on the host, for shuffles and generators. */
export function randomInt(from: Key, i: number, bound: number): number {
  isCounter('randomInt', 'i', i);
  isSize('randomInt', 'bound', bound);
  const { hi, lo } = at('randomInt', from, -3, i | 0);
  return Math.floor((((hi >>> 5) * 2 ** 26 + (lo >>> 6)) / 2 ** 53) * bound);
}

/** A length that fits in int32. */
const isOrder = /* @__PURE__ */ ruleOf(
  'a whole number from 0 to 2147483647',
  (n) => Number.isInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 31,
);

/** The numbers `0 … length − 1` in random order (Fisher and Yates). */
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
