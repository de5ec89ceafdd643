// Independent sequences, written token by token: greedily, or drawn.

import type { State } from '../nn/state.ts';
import { argmax, reshape } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Decoder, type Hypothesis, tokensOf, tracesOf, type Written } from './decoder.ts';
import { type Counts, contextOf, look } from './look.ts';
import { expectSearch, rewriting, type SearchOptions, searching } from './options.ts';
import { Stepper } from './stepper.ts';

/** A partial sequence. */
interface Line {
  written: Written | null;
  logProbability: number;
  ended: boolean;
}

/** The event of one step. */
export interface WrittenStep {
  /** Number of earlier steps. */
  readonly step: number;
  /** What each row wrote; `null` if it has ended. */
  readonly tokens: readonly (number | null)[];
  /** Log-probability of each row's token or end; `null` if it had ended before. */
  readonly logProbabilities: readonly (number | null)[];
}

/** Chooses the next token of each row, int32 `[N, 1]`, from logits `[N, C]` at step `step`. Only rows that still write count. */
export type ChooseNext = (logits: Tensor, step: number, counts: Counts) => Tensor;

/** The likeliest token. */
export const likeliest = (logits: Tensor): Tensor => reshape(argmax(logits, { axis: 1 }), [-1, 1]);

/**
 * The steps of a search that writes the rows of these `items` independently. Rows that have ended receive the end token, and their results
 * are ignored.
 */
export function* writing<Source extends State, S extends State>(
  op: string,
  stepper: Stepper<Source, S>,
  options: SearchOptions,
  items: readonly number[],
  next: ChooseNext,
  goesOn: () => boolean = () => true,
): Generator<WrittenStep, Hypothesis[]> {
  const { start, end, maxLength } = options;
  const rules = rewriting(options);
  const lines = items.map((): Line => ({ written: null, logProbability: 0, ended: false }));
  const counts: Counts = (row) => !lines[row]?.ended;
  for (let step = 0; step < maxLength && lines.some(({ ended }) => !ended) && goesOn(); step++) {
    const context = contextOf(step, items, (row) => lines[row]?.written ?? null);
    const tokens = lines.map(({ ended, written }) => (ended ? end : (written?.token ?? start)));
    const seen = stepper.take(tokens, (...given) => look(op, rules, given, context, (logits) => next(logits, step, counts), counts, true));
    const now = lines.map((line, row) => {
      if (line.ended) return [null, null] as const;
      const [token, logProbability] = [seen.tokens[row] as number, seen.logProbabilities[row] as number];
      line.ended = token === end;
      line.logProbability += logProbability;
      if (!line.ended) line.written = { before: line.written, token, trace: seen.trace(row) };
      return [line.ended ? null : token, logProbability] as const;
    });
    yield { step, tokens: now.map(([token]) => token), logProbabilities: now.map(([, logProbability]) => logProbability) };
  }
  return lines.map(({ written, logProbability, ended }) => ({
    tokens: tokensOf(written),
    logProbability,
    score: logProbability,
    ended,
    trace: tracesOf(written),
  }));
}

/** Runs all steps at once. */
export function drained<R>(steps: Generator<unknown, R>): R {
  for (;;) {
    const next = steps.next();
    if (next.done) return next.value;
  }
}

/**
 * The likeliest token at each step, until the end; at ties the smaller token. Returns a hypothesis for each row of the batch. The state
 * keeps its rows: rows that have ended receive the end token, and their results are ignored.
 */
export function greedySearch<Source extends State, S extends State>(
  decoder: Decoder<Source, S>,
  source: Source,
  options: SearchOptions,
): Hypothesis[] {
  expectSearch('greedySearch', options, searching);
  const stepper = new Stepper('greedySearch', decoder, source, options);
  try {
    return drained(writing('greedySearch', stepper, options, rowsOf(options.batch), likeliest));
  } finally {
    stepper.close();
  }
}

/** The rows of a batch. */
export const rowsOf = (batch: number): number[] => Array.from({ length: batch }, (_, row) => row);
