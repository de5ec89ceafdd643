import { anything, expectOptions, firstWrong, isList, isSize, isWhole, maybe, ruleOf, shown } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import { foldIn, type Key, permutation } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Sequences side by side, padded to one length. */
export interface PaddedBatch {
  /** int32 `[B, T]`: the sequences, padded at the end. */
  readonly tokens: Tensor;
  /** bool `[B, T]`: true where a token is real. */
  readonly mask: Tensor;
  /** The length of each sequence. */
  readonly lengths: readonly number[];
}

const padRules = {
  pad: /* @__PURE__ */ maybe(ruleOf('an int32', (value) => value === (Number(value) | 0))),
  minLength: /* @__PURE__ */ maybe(isWhole(0)),
};

/** Pads sequences of any lengths to one batch; `T` is the longest length, at least `minLength`; `pad` fills the rest. */
export function padBatch(
  sequences: readonly ArrayLike<number>[],
  options: { pad?: number | undefined; minLength?: number | undefined } = {},
): PaddedBatch {
  expectOptions('padBatch', options, padRules);
  isList('padBatch', 'sequences', sequences);
  sequences.forEach((sequence, row) => void isList('padBatch', `sequence ${row}`, sequence));
  const { pad = 0, minLength = 0 } = options;
  const lengths = sequences.map((sequence) => sequence.length);
  const longest = lengths.reduce((a, b) => Math.max(a, b), minLength);
  const values = new Int32Array(sequences.length * longest).fill(pad);
  sequences.forEach((sequence, row) => {
    for (let t = 0; t < sequence.length; t++) {
      const token = sequence[t] as number;
      if (token !== (token | 0)) throw new RangeError(`padBatch: tokens must be int32, got ${token} in sequence ${row} at ${t}`);
      values[row * longest + t] = token;
    }
  });
  const tokens = full([sequences.length, longest], pad, 'int32'); // [B, T]
  tokens.view().set(values);
  const mask = full([sequences.length, longest], 0, 'bool'); // [B, T]
  const real = mask.view();
  for (const [row, length] of lengths.entries()) real.fill(1, row * longest, row * longest + length);
  return { tokens, mask, lengths };
}

/** How to cut batches from items of different lengths. */
export interface BucketOptions {
  /** Items per batch; the last batch may have fewer. */
  batchSize: number;
  /** Decides the order; use another key (`foldIn(key, epoch)`) for each epoch. Without one the order is fixed, short items first. */
  key?: Key | undefined;
  /** The range of lengths that may be mixed: 1 pads least, more mixes better. Default 1. */
  bucketWidth?: number | undefined;
}

const isLength = (value: unknown) => Number.isFinite(value) && (value as number) >= 0;

const bucketRules = {
  batchSize: isSize,
  key: anything, // checked where it is used
  bucketWidth: /* @__PURE__ */ maybe(ruleOf('at least 1', (value) => typeof value === 'number' && value >= 1)),
};

/**
 * Batches of items of similar length, as lists of their indices; every item occurs exactly once. Items are shuffled, sorted by length
 * bucket (stably) and cut into batches, and the batches are shuffled.
 *
 * If an item has several lengths (source and target), give them as rows: buckets go by the first, then by the next.
 */
export function bucketBatches(lengths: readonly (number | readonly number[])[], options: BucketOptions): number[][] {
  expectOptions('bucketBatches', options, bucketRules);
  const { batchSize, key, bucketWidth = 1 } = options;
  isList('bucketBatches', 'lengths', lengths);
  const areLengths = (each: unknown) => (Array.isArray(each) ? each.every(isLength) : isLength(each));
  const wrong = firstWrong(lengths, (each) => areLengths(each) && Array.isArray(each) === Array.isArray(lengths[0]));
  if (wrong.length > 0) throw new RangeError(`bucketBatches: lengths must be numbers from 0, or rows of them, got ${shown(wrong[0])}`);
  const bucketOf = (i: number) => [lengths[i] ?? []].flat().map((n) => Math.floor(n / bucketWidth));
  const buckets = new Map<number | string, number[]>(); // not a sort of all items: a hundred thousand take a tenth of a second
  for (const i of key ? permutation(foldIn(key, 0), lengths.length) : lengths.keys()) {
    const length = lengths[i];
    const name = typeof length === 'number' ? Math.floor(length / bucketWidth) : bucketOf(i).join();
    const bucket = buckets.get(name);
    if (bucket) bucket.push(i);
    else buckets.set(name, [i]);
  }
  const order = [...buckets.values()].sort(([i = 0], [j = 0]) => compare(bucketOf(i), bucketOf(j))).flat();
  const batches: number[][] = [];
  for (let at = 0; at < order.length; at += batchSize) batches.push(order.slice(at, at + batchSize));
  if (!key) return batches;
  return Array.from(permutation(foldIn(key, 1), batches.length), (i) => batches[i] ?? []);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
