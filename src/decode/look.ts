// What a search reads of one step: the tokens chosen and their probabilities, never the whole distribution.

import { logSoftmax, takeAlongAxis } from '../ops/index.ts';
import type { Shape } from '../tensor/shape.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';
import { tokensOf, type Written } from './decoder.ts';
import type { Rewriting } from './options.ts';
import type { DecodingContext, LogitsProcessor } from './processors.ts';

/** The choices of each row, first choice first. */
export interface Seen {
  /** Number of choices per row. */
  readonly choices: number;
  /** `[N · choices]`. */
  readonly tokens: ArrayLike<number>;
  /** Log-probability of each choice; −∞ if it may not be written. */
  readonly logProbabilities: ArrayLike<number>;
  /** A row of the trace, whose shape is `traced`. */
  trace(row: number): Float32Array | null;
  readonly traced: Shape;
}

/** Rows that count; the results of the others are ignored. */
export type Counts = (row: number) => boolean;

/** Chooses from logits `[N, C]`, −∞ where a token may not be written: tokens, int32 `[N, choices]`. */
export type Choose = (logits: Tensor) => Tensor;

const { NEGATIVE_INFINITY: SHUT } = Number;

/** The context of processors, for rows that have written this much. */
export function contextOf(step: number, items: readonly number[], written: (row: number) => Written | null): DecodingContext {
  return { step, items, tokens: (row) => tokensOf(written(row)) };
}

/**
 * Reads the logits and trace of a step. Throws if the logits of a row allow no token; with `every`, also if processors leave a row none
 * (otherwise such a row has only choices of probability 0).
 */
export function look(
  op: string,
  { adjust, constrain }: Rewriting,
  [logits, trace]: readonly [Tensor, Tensor | undefined],
  context: DecodingContext,
  choose: Choose,
  counts: Counts,
  every: boolean,
): Seen {
  const adjusted = processed(op, adjust, logits, context);
  const open = processed(op, constrain, adjusted, context);
  const places = choose(open); // [N, choices]
  const [rows = 0, choices = 0] = places.shape;
  const logProbabilities = takeAlongAxis(logSoftmax(adjusted), places, { axis: 1 }).toArray();
  if (open !== adjusted) {
    takeAlongAxis(open, places, { axis: 1 })
      .peek()
      .forEach((logit, i) => {
        if (!(logit > SHUT && logit < Number.POSITIVE_INFINITY)) logProbabilities[i] = logit;
      });
  }
  for (let row = 0; row < rows; row++) {
    if (!counts(row) || (logProbabilities[row * choices] as number) > SHUT) continue;
    const [some] = [adjusted, open].map((x) => isPossible(op, x, row, context));
    if (!some || every) throw nothingLeft(op, row, context);
  }
  const traces = trace?.toArray();
  const each = (traces?.length ?? 0) / rows;
  return {
    choices,
    tokens: places.toArray(),
    logProbabilities,
    traced: trace?.shape.slice(1) ?? [],
    trace: (row) => traces ? Float32Array.from(traces.subarray(row * each, (row + 1) * each)) : null, // biome-ignore format: one line
  };
}

function processed(op: string, processors: readonly LogitsProcessor[], logits: Tensor, context: DecodingContext): Tensor {
  return processors.reduce((x, process) => {
    const y = process(x, context);
    const fits = y instanceof Tensor && y.dtype === 'float32' && y.rank === 2 && y.shape.every((n, axis) => n === logits.shape[axis]);
    if (fits) return y;
    throw new RangeError(`${op}: a processor must give float32 [${logits.shape.join(', ')}], got ${kindOf(y)} at step ${context.step}`);
  }, logits);
}

/** Whether a row of logits leaves any token; throws if an element is NaN or Infinity. */
function isPossible(op: string, logits: Tensor, row: number, context: DecodingContext): boolean {
  const width = logits.shape[1] as number;
  const line = logits.peek().subarray(row * width, (row + 1) * width);
  const wrong = line.find((logit) => !(logit < Number.POSITIVE_INFINITY));
  if (wrong === undefined) return line.some((logit) => logit > SHUT);
  throw new RangeError(`${op}: logits must be numbers below Infinity, got ${wrong} ${placeOf(row, context)}`);
}

/** The error for a row without any possible token. */
export function nothingLeft(op: string, row: number, context: Pick<DecodingContext, 'step' | 'items'>): RangeError {
  return new RangeError(`${op}: logits must leave a token that may be written, got -Infinity for all ${placeOf(row, context)}`);
}

function placeOf(row: number, { step, items }: Pick<DecodingContext, 'step' | 'items'>): string {
  return `in row ${row} at step ${step}${row === items[row] ? '' : ` (row ${items[row]} of the batch)`}`;
}
