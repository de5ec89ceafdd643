import { bucketBatches } from '../data/batch.ts';
import type { Key } from '../tensor/random.ts';

/** Multiplications and additions of one piece of work, forward: with the way back about 10 ms of one core. */
const WORK = 5e7;

/** How a front cuts its examples into pieces of work. */
export interface Cutting {
  /** Examples in a batch at most. */
  batchSize: number;
  /** Multiplications and additions of an example of a length, forward. */
  cost: (length: number) => number;
  /** Decides the order; without it short examples come first. */
  key?: Key | undefined;
}

/**
 * Examples of similar length together, as lists of their indices. A batch has `batchSize` of them, or as many fewer as make it too much work for a frame: by
 * a count, not by the clock, so that every machine cuts alike.
 */
export function batchesOf(lengths: readonly number[], { batchSize, cost, key }: Cutting): number[][] {
  const batches = bucketBatches(lengths, { batchSize, key, bucketWidth: 8 });
  return batches.flatMap((batch) => {
    const longest = batch.reduce((most, i) => Math.max(most, lengths[i] as number), 1);
    const fitting = Math.max(1, Math.floor(WORK / cost(longest)));
    const pieces = Math.ceil(batch.length / fitting);
    const size = Math.ceil(batch.length / pieces);
    return Array.from({ length: pieces }, (_, i) => batch.slice(i * size, (i + 1) * size)).filter(({ length }) => length > 0);
  });
}
