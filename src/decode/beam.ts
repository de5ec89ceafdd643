import { expectRows, type State } from '../nn/state.ts';
import { exp, log, mul, topk } from '../ops/index.ts';
import { isSize, maybe, type Rule, type Rules, ruleOf } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type CoverageOptions, coverageOf, isCoverageMask } from './coverage.ts';
import { type Decoder, type Hypothesis, tokensOf, tracesOf, type Written } from './decoder.ts';
import { likeliest, rowsOf } from './lines.ts';
import { contextOf, look, nothingLeft, type Seen } from './look.ts';
import { expectSearch, rewriting, type SearchOptions, searching } from './options.ts';
import { Stepper } from './stepper.ts';

/** How hypotheses of a beam are kept and ranked. */
export interface Ranking extends CoverageOptions {
  /** Live hypotheses per row. Default 1, which is greedy search. */
  beam?: number;
  /** Hypotheses returned per row, at most `beam`; fewer if fewer are possible. Default 1. */
  nBest?: number;
  /** α of ((5 + length) / 6)^α, which divides the log-probability (Wu et al. 2016, eq. 14). Default 0: no penalty. */
  lengthPenalty?: number;
}

/** All options of beam search. */
export interface BeamOptions extends SearchOptions, Ranking {}

/** A partial hypothesis. */
interface Candidate {
  /** The row of the step that it continues. */
  readonly row: number;
  readonly written: Written | null;
  readonly logProbability: number;
  readonly score: number;
  readonly ended: boolean;
}

/** A row of the batch: its live hypotheses, best first, and its finished ones. */
interface Item {
  readonly item: number;
  /** The first of its rows in the step. */
  first: number;
  living: readonly Candidate[];
  readonly done: Candidate[];
}

const isPenalty: Rule = /* @__PURE__ */ maybe(
  /* @__PURE__ */ ruleOf('0 or more', (value) => Number.isFinite(value) && (value as number) >= 0),
);

/** The rules of {@link Ranking}. */
export const ranking: Rules<Ranking> = {
  beam: /* @__PURE__ */ maybe(isSize),
  nBest: /* @__PURE__ */ maybe(isSize),
  lengthPenalty: isPenalty,
  coveragePenalty: isPenalty,
  coverageMask: isCoverageMask,
};

const beams: Rules<BeamOptions> = { ...searching, ...ranking };

/**
 * Beam search over any decoder. Each step keeps the `beam` best continuations of each row's hypotheses; those that end are set aside, the
 * others stay alive. A row is done when no live hypothesis can overtake its `nBest` finished ones, so a beam as wide as all continuations
 * is exhaustive search. At ties the hypothesis that ended earlier comes first, then the one whose beginning ranked higher, then the smaller
 * token. Continuations of probability 0 and sequences that nothing may follow are not hypotheses. Returns the best hypotheses of each row
 * of the batch, best first.
 */
export function beamSearch<Source extends State, S extends State>(
  decoder: Decoder<Source, S>,
  source: Source,
  options: BeamOptions,
): Hypothesis[][] {
  return beamSearchAs('beamSearch', decoder, source, options);
}

/** {@link beamSearch} for a caller that errors are to name: `op`. */
export function beamSearchAs<Source extends State, S extends State>(
  op: string,
  decoder: Decoder<Source, S>,
  source: Source,
  options: BeamOptions,
): Hypothesis[][] {
  expectSearch(op, options, beams);
  const { batch, beam = 1, nBest = 1, coverageMask } = options;
  if (nBest > beam) throw new RangeError(`${op}: nBest must be at most beam, got ${nBest} of ${beam}`);
  if (coverageMask) expectRows(op, coverageMask, batch, 'in the batch', 'coverageMask');
  const stepper = new Stepper(op, decoder, source, options);
  try {
    return search(op, stepper, options);
  } finally {
    stepper.close();
  }
}

/** The rows of a step: the same number for each item, even if it has fewer hypotheses. Unused rows repeat another row's input. */
interface Rows {
  readonly items: readonly Item[];
  readonly width: number;
}

function search<Source extends State, S extends State>(op: string, stepper: Stepper<Source, S>, options: BeamOptions): Hypothesis[][] {
  const { batch, start, end, maxLength, beam = 1, lengthPenalty = 0 } = options;
  const rules = rewriting(options);
  const longest = penalty(lengthPenalty, maxLength);
  const begin = { written: null, logProbability: 0, score: 0, ended: false };
  const all = rowsOf(batch).map((item): Item => ({ item, first: item, living: [{ ...begin, row: item }], done: [] }));
  let rows: Rows = { items: all, width: 1 };
  for (let step = 0; rows.items.some(({ living }) => living.length > 0); step++) {
    const fed = rows.items.flatMap(({ living }) => rowsOf(rows.width).map((slot) => living[slot] ?? living[0]));
    const of = (row: number) => rows.items[Math.floor(row / rows.width)] as Item;
    const items = rowsOf(fed.length).map((row) => of(row).item);
    const context = contextOf(step, items, (row) => fed[row]?.written ?? null);
    const tokens = fed.map((candidate) => (candidate ? (candidate.written?.token ?? start) : end));
    const choose = (logits: Tensor) => (beam === 1 ? likeliest(logits) : topk(logits, Math.min(beam, logits.shape[1] as number)).indices);
    const counts = (row: number) => row - of(row).first < of(row).living.length;
    const seen = stepper.take(tokens, (...given) => look(op, rules, given, context, choose, counts, false));
    const score = scoring(op, options, step, seen);
    for (const item of rows.items) if (item.living.length > 0) advance(item, seen, score, { ...options, step, longest });
    const stuck = rows.items.find(({ living, done }) => living.length === 0 && done.length === 0);
    if (stuck) throw nothingLeft(op, stuck.first, context);
    rows = arranged(stepper, rows);
  }
  return all.map(({ done }) => done.map(hypothesisOf));
}

const hypothesisOf = ({ written, logProbability, score, ended }: Candidate): Hypothesis => ({
  tokens: tokensOf(written),
  logProbability,
  score,
  ended,
  trace: tracesOf(written),
});

/** The possible continuations of a hypothesis. */
interface Continuation {
  readonly parent: Candidate;
  readonly row: number;
  readonly token: number;
  readonly logProbability: number;
}

/** The `beam` likeliest continuations of an item, best first; among equals those of the earlier row, then the earlier choice. */
function best({ living, first }: Item, seen: Seen, beam: number): Continuation[] {
  const found: Continuation[] = [];
  for (const [slot, parent] of living.entries()) {
    const row = first + slot;
    for (let at = row * seen.choices; at < (row + 1) * seen.choices; at++) {
      const logProbability = parent.logProbability + (seen.logProbabilities[at] as number);
      if (logProbability > Number.NEGATIVE_INFINITY) found.push({ parent, row, token: seen.tokens[at] as number, logProbability });
    }
  }
  return found.sort((a, b) => b.logProbability - a.logProbability).slice(0, beam);
}

/** The ranking of a finished hypothesis; `trace` is that of its last step. */
type Score = (item: number, logProbability: number, before: Written | null, trace: Float32Array | null) => number;

/** Advances an item by one step: its best continuations live on or finish. `longest` is the length penalty of the longest hypothesis. */
function advance(item: Item, seen: Seen, score: Score, options: BeamOptions & { step: number; longest: number }): void {
  const { end, maxLength, beam = 1, nBest = 1, step, longest } = options;
  const open: Candidate[] = [];
  for (const { parent, row, token, logProbability } of best(item, seen, beam)) {
    const [ended, trace] = [token === end, seen.trace(row)];
    const written = ended ? parent.written : { before: parent.written, token, trace };
    const over = ended || step === maxLength - 1; // a hypothesis that is cut off competes as it stands
    const ranked = over ? score(item.item, logProbability, parent.written, trace) : 0;
    (over ? item.done : open).push({ row, written, logProbability, score: ranked, ended });
  }
  item.done.sort((a, b) => b.score - a.score).splice(nBest);
  const bar = item.done[nBest - 1]?.score ?? Number.NEGATIVE_INFINITY;
  item.living = open.some(({ logProbability }) => logProbability / longest > bar) ? open : [];
}

/** ((5 + length) / 6)^α, computed by the kernels: `Math.pow` differs between engines. */
function penalty(alpha: number, length: number): number {
  return alpha === 0 ? 1 : scope(() => exp(mul(log(tensor([(5 + length) / 6])), alpha)).item());
}

/** How to rank the hypotheses that finish at this step (Wu et al. 2016, eq. 14). */
function scoring(op: string, options: BeamOptions, step: number, seen: Seen): Score {
  const { lengthPenalty = 0, coveragePenalty = 0, coverageMask } = options;
  const divisor = penalty(lengthPenalty, step + 1);
  if (!Number.isFinite(divisor)) {
    throw new RangeError(`${op}: lengthPenalty must keep ((5 + length) / 6)^α in float32, got ${lengthPenalty} at step ${step}`);
  }
  if (coveragePenalty === 0) return (_, logProbability) => logProbability / divisor;
  const coverage = coverageOf(op, seen, coverageMask);
  return (item, logProbability, before, trace) =>
    logProbability / divisor + coveragePenalty * coverage(item, trace ? [...tracesOf(before), trace] : []);
}

/**
 * The rows of the next step. All items keep as many rows as the largest needs, so that the source is expanded once and only states are
 * reordered; finished items are dropped when they are a quarter of all.
 */
function arranged<Source extends State, S extends State>(stepper: Stepper<Source, S>, before: Rows): Rows {
  const going = before.items.filter(({ living }) => living.length > 0);
  if (going.length === 0) return { items: [], width: 1 };
  const items = 4 * (before.items.length - going.length) >= before.items.length ? going : before.items;
  const width = items.reduce((most, { living }) => Math.max(most, living.length), before.width);
  stepper.reorder(items.flatMap(({ living, first }) => rowsOf(width).map((slot) => (living[slot] ?? living[0])?.row ?? first)));
  if (items.length < before.items.length || width > before.width) {
    stepper.widen(items.flatMap(({ item }) => new Array<number>(width).fill(item)));
  }
  for (const [i, item] of items.entries()) item.first = i * width;
  return { items, width };
}
