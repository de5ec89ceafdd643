import type { State } from '../nn/state.ts';
import { add, argmax, concat, gumbel, reshape } from '../ops/index.ts';
import { expectKey, isSize, maybe, type Rule, type Rules } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import { foldIn, type Key } from '../tensor/random.ts';
import type { Decoder, Hypothesis } from './decoder.ts';
import { type ChooseNext, drained, likeliest, rowsOf, writing } from './lines.ts';
import { expectSearch, type SearchOptions, searching } from './options.ts';
import { isMass, isTemperature, type LogitsProcessor, temperature, topK, topP } from './processors.ts';
import { Stepper } from './stepper.ts';

/** How tokens are drawn. */
export interface Drawing {
  /** Row r of the batch draws from `foldIn(key, r)`; or one key per row, so that a row draws the same alone. */
  key: Key | readonly Key[];
  /** Divides the logits. Default 1; 0 is greedy. */
  temperature?: number;
  /** Draw only from this many likeliest tokens. Default all. */
  topK?: number;
  /** Draw only from the fewest likeliest tokens whose probabilities sum to this, after `topK`. Default 1, all. */
  topP?: number;
}

/** All options of {@link sample}. */
export interface SampleOptions extends SearchOptions, Drawing {
  /** Number of sequences drawn per row of the batch. Default 1. */
  samples?: number | undefined;
}

const areKeys: Rule = (op, _name, value) => {
  for (const key of Array.isArray(value) ? value : [value]) expectKey(op, key);
};

/** The rules of {@link Drawing}. */
export const drawing: Rules<Drawing> = {
  key: areKeys,
  temperature: /* @__PURE__ */ maybe(isTemperature),
  topK: /* @__PURE__ */ maybe(isSize),
  topP: /* @__PURE__ */ maybe(isMass),
};

const sampling: Rules<SampleOptions> = { ...searching, ...drawing, samples: /* @__PURE__ */ maybe(isSize) };

/** The key of each row of the batch. */
export function keysOf(op: string, key: Drawing['key'], batch: number): readonly Key[] {
  if (!Array.isArray(key)) return rowsOf(batch).map((row) => foldIn(key as Key, row));
  if (key.length === batch) return key;
  throw new RangeError(`${op}: key must be one, or one for each of ${batch} rows, got ${key.length}`);
}

/**
 * Draws with one key per row; step t draws with `foldIn(key, t)`: token j where the sum of logit and Gumbel noise is largest, which has its
 * softmax probability. `first` is what t is at the first step, of each row; 0 by default.
 */
export function drawnFrom(keys: readonly Key[], options: Drawing, first?: readonly number[]): ChooseNext {
  const { temperature: heat = 1, topK: k, topP: mass = 1 } = options;
  if (heat === 0) return likeliest;
  const kept: LogitsProcessor[] = [
    ...(heat === 1 ? [] : [temperature(heat)]),
    ...(k === undefined ? [] : [topK(k)]),
    ...(mass === 1 ? [] : [topP(mass)]),
  ];
  return (logits, step, counts) => {
    const shape = [1, logits.shape[1] as number];
    const noise = concat(keys.map((key, row) => (counts(row) ? gumbel(foldIn(key, step + (first?.[row] ?? 0)), shape) : zeros(shape))));
    const context = { step, items: [], tokens: () => [] };
    const open = kept.reduce((x, process) => process(x, context), logits);
    return reshape(argmax(add(open, noise), { axis: 1 }), [-1, 1]);
  };
}

/**
 * Draws sequences, each token from softmax(logits / temperature) of the likeliest `topK` and `topP`. The same key draws the same tokens,
 * whatever the other rows are. Returns the samples of each row of the batch in order; their probabilities are the decoder's own, before
 * temperature, `topK` and `topP`.
 */
export function sample<Source extends State, S extends State>(
  decoder: Decoder<Source, S>,
  source: Source,
  options: SampleOptions,
): Hypothesis[][] {
  return sampleAs('sample', decoder, source, options);
}

/** {@link sample} for a caller that errors are to name: `op`. */
export function sampleAs<Source extends State, S extends State>(
  op: string,
  decoder: Decoder<Source, S>,
  source: Source,
  options: SampleOptions,
): Hypothesis[][] {
  expectSearch(op, options, sampling);
  const { batch, samples = 1 } = options;
  const own = keysOf(op, options.key, batch);
  const items = rowsOf(batch * samples).map((row) => Math.floor(row / samples));
  // The first sample of a row uses the row's own key, so that it does not depend on the number of samples.
  const keys = items.map((item, row) => (row % samples === 0 ? own[item] : foldIn(own[item] as Key, row % samples)) as Key);
  const stepper = new Stepper(op, decoder, source, options);
  try {
    if (samples > 1) {
      stepper.widen(items);
      stepper.reorder(items);
    }
    const lines = drained(writing(op, stepper, options, items, drawnFrom(keys, options)));
    return rowsOf(batch).map((row) => lines.slice(row * samples, (row + 1) * samples));
  } finally {
    stepper.close();
  }
}
