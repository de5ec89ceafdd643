/** A key of the counter-based generator: the same key always draws the same numbers. Two 32-bit words. */
export interface Key {
  readonly hi: number;
  readonly lo: number;
}

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", §3.2): two words in, two out. */
export function threefry(key: Key, x0: number, x1: number): Key {
  const schedule = [key.hi, key.lo, key.hi ^ key.lo ^ 0x1bd11bda];
  let a = (x0 + key.hi) | 0;
  let b = (x1 + key.lo) | 0;
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round & 7] as number;
    a = (a + b) | 0;
    b = ((b << r) | (b >>> (32 - r))) ^ a;
    if ((round & 3) === 3) {
      const turn = (round >> 2) + 1;
      a = (a + (schedule[turn % 3] as number)) | 0;
      b = (b + (schedule[(turn + 1) % 3] as number) + turn) | 0;
    }
  }
  return { hi: a, lo: b };
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
  return Array.from({ length: count }, (_, i) => threefry(from, -1, i));
}

/** The key that belongs to a number: step, layer, worker. Like the `i`-th of an endless {@link split}. */
export function foldIn(from: Key, i: number): Key {
  return threefry(from, -2, i | 0);
}

/** Whole numbers below `bound` on the host, drawn from a key: for shuffles and generators. */
export function randomInt(from: Key, i: number, bound: number): number {
  const { hi, lo } = threefry(from, -3, i | 0);
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
