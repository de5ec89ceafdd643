import { expectOptions, isFlag, isSize, isWhole, maybe } from '../../tensor/check.ts';
import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Options of {@link distanceBuckets}. */
export interface DistanceBucketOptions {
  /** How many there are. Default 32. */
  buckets?: number | undefined;
  /** From this distance on all are one bucket. Default 128. */
  distance?: number | undefined;
  /** Whether keys behind the query have buckets of their own, the upper half; else they share that of distance 0. Default true. */
  bidirectional?: boolean | undefined;
}

/**
 * Which bucket a distance is in, int32 `[2 · distance + 1]`: of key s and query t at place `distance + clamp(s − t, −distance, distance)` (Raffel et al. 2020, §2.1, and
 * T5's code). Of the n buckets of one direction the first e = n/2 hold one distance each, the others grow: d is in bucket `e + ⌊(n − e) ln(d/e) / ln(distance/e)⌋`, n − 1
 * at most. The bounds are compared as whole numbers, without a logarithm that could fall to either side.
 */
export function distanceBuckets(options: DistanceBucketOptions = {}): Tensor {
  expectOptions('distanceBuckets', options, { buckets: maybe(isWhole(2)), distance: maybe(isSize), bidirectional: maybe(isFlag) });
  const { buckets = 32, distance = 128, bidirectional = true } = options;
  const n = bidirectional ? buckets / 2 : buckets;
  if (!(Number.isInteger(n) && n >= 2))
    throw new RangeError(`distanceBuckets: buckets must be even and at least 4 where they are bidirectional, got ${buckets}`);
  const exact = Math.floor(n / 2);
  if (distance <= exact)
    throw new RangeError(`distanceBuckets: distance must exceed the ${exact} buckets of one distance, got ${distance}`);
  const own = bounds(n - exact, exact, distance);
  const bucketOf = (d: number) => (d < exact ? d : exact + own.findLastIndex((least) => d >= least));
  const before = Array.from({ length: distance + 1 }, (_, i) => bucketOf(distance - i));
  const behind = Array.from({ length: distance }, (_, i) => (bidirectional ? n + bucketOf(i + 1) : 0));
  return tensor(Int32Array.from([...before, ...behind]));
}

/** The smallest distance of each of `count` buckets: the least d with `(d/e)^count ≥ (distance/e)^k`. */
function bounds(count: number, exact: number, distance: number): number[] {
  const power = (x: number, n: number) => {
    let product = BigInt(1);
    for (let i = 0; i < n; i++) product *= BigInt(x);
    return product;
  };
  let d = exact;
  return Array.from({ length: count }, (_, k) => {
    const least = power(distance, k) * power(exact, count);
    while (power(d, count) * power(exact, k) < least) d++;
    return d;
  });
}
