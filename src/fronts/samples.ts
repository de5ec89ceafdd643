import { shown } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import { foldIn, type Key, randomInt } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Samples: a list of measurements at each time, each of the same channels. */
export type Samples = readonly ArrayLike<number>[];

/** Samples as they are read: row by row. */
export interface ReadSamples {
  /** `[T, I]`, row-major. */
  readonly values: Float32Array;
  /** T. */
  readonly steps: number;
}

/** Checks samples `[T, I]` and copies them. */
export function readSamples(op: string, what: string, samples: Samples, channels: number): ReadSamples {
  const steps = Array.isArray(samples) ? samples.length : 0;
  if (steps === 0)
    throw new TypeError(
      `${op}: ${what} must have samples, a list of at least one, got ${Array.isArray(samples) ? 'none' : shown(samples)}`,
    );
  const values = new Float32Array(steps * channels);
  samples.forEach((sample, t) => readSample(op, `${what}, sample ${t}`, sample, values.subarray(t * channels, (t + 1) * channels)));
  return { values, steps };
}

/** Checks one sample and copies it. */
export function readSample(op: string, what: string, sample: ArrayLike<number>, into: Float32Array): void {
  const count = typeof sample === 'object' ? sample?.length : undefined;
  if (count !== into.length) throw new RangeError(`${op}: ${what} must be ${into.length} numbers, got ${count ?? shown(sample)}`);
  for (let c = 0; c < into.length; c++) {
    const value: unknown = sample[c];
    if (!Number.isFinite(value)) throw new RangeError(`${op}: ${what} must be finite numbers, got ${shown(value)} in channel ${c}`);
    into[c] = value as number;
  }
}

/** The mean of each channel over all samples, and 1 over the deviation; 1 for a channel that never changes. In float64. */
export function normalOf(all: readonly ReadSamples[], channels: number): { center: number[]; sharpness: number[] } {
  const sums = Array.from({ length: channels }, () => [0, 0]);
  const count = all.reduce((sum, { steps }) => sum + steps, 0);
  const each = (visit: (value: number, sum: number[]) => void) => {
    for (const { values } of all) for (const [i, value] of values.entries()) visit(value, sums[i % channels] as number[]);
  };
  each((value, sum) => {
    sum[0] = (sum[0] as number) + value / count;
  });
  each((value, sum) => {
    sum[1] = (sum[1] as number) + (value - (sum[0] as number)) ** 2 / count;
  });
  return {
    center: sums.map(([mean = 0]) => mean),
    sharpness: sums.map(([, variance = 0]) => (variance > 0 ? 1 / Math.sqrt(variance) : 1)),
  };
}

/** The change of each channel from sample to sample: one fewer. */
export function changesOf({ values, steps }: ReadSamples, channels: number): ReadSamples {
  const after = values.subarray(channels);
  return { values: after.map((value, i) => value - (values[i] as number)), steps: steps - 1 };
}

/** A number in [low, high) that a key draws. */
const between = (key: Key, i: number, low: number, high: number) => low + ((high - low) * randomInt(key, i, 2 ** 24)) / 2 ** 24;

/**
 * The same movement a little slower or faster (0.8 to 1.25 times as many samples, with values in between on straight lines) and a little larger or smaller
 * (0.9 to 1.1 times): what a few examples cannot show.
 */
export function varied({ values, steps }: ReadSamples, channels: number, key: Key): ReadSamples {
  const stretched = Math.max(1, Math.round(steps * between(key, 0, 0.8, 1.25)));
  const size = between(key, 1, 0.9, 1.1);
  const made = new Float32Array(stretched * channels);
  for (let t = 0; t < stretched; t++) {
    const place = stretched === 1 ? 0 : (t * (steps - 1)) / (stretched - 1);
    const from = Math.floor(place);
    const to = Math.min(steps - 1, from + 1);
    for (let c = 0; c < channels; c++) {
      const [a, b] = [values[from * channels + c] as number, values[to * channels + c] as number];
      made[t * channels + c] = size * (a + (place - from) * (b - a));
    }
  }
  return { values: made, steps: stretched };
}

/** Samples side by side `[B, T, I]`, zeros after their end, and the mask bool `[B, T]` of real ones. With a key each is {@link varied}. */
export function sampleBatch(all: readonly ReadSamples[], channels: number, key?: Key): { x: Tensor; mask: Tensor } {
  const rows = key ? all.map((one, b) => varied(one, channels, foldIn(key, b))) : all;
  const longest = rows.reduce((most, { steps }) => Math.max(most, steps), 1);
  const made = { x: full([rows.length, longest, channels], 0), mask: full([rows.length, longest], false, 'bool') };
  const [x, mask] = [made.x.view(), made.mask.view()];
  rows.forEach(({ values, steps }, b) => {
    x.set(values, b * longest * channels);
    mask.fill(1, b * longest, b * longest + steps);
  });
  return made;
}
