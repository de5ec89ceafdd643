import { noGrad } from '../autograd/record.ts';
import type { State } from '../nn/state.ts';
import { exp, log, mul } from '../ops/index.ts';
import { expectOptions, isSize, isWhole, maybe, ruleOf } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { type DecodeStep, type Seen, type Stepper, stepper } from './stepper.ts';

/** What every search needs to know. */
export interface SearchOptions {
  /** Rows of the state at the start. */
  batch: number;
  /** The token before the first. */
  start: number;
  /** The token that ends a sequence. */
  end: number;
  /** The most steps: tokens of a sequence, its end counted. */
  maxLength: number;
  /** Tokens that are not to be written: padding and the start, say. The others keep their probabilities. Default none. */
  never?: readonly number[];
}

/** What beam search needs to know besides. */
export interface BeamOptions extends SearchOptions {
  /** Hypotheses kept alive for each row. Default 1, which is greedy search. */
  beam?: number;
  /** Best ones returned for each row, fewer where fewer are possible; at most `beam`. Default 1. */
  nBest?: number;
  /** α of ((5 + length) / 6)^α, which divides the log-probability (Wu et al. 2016, eq. 14). Default 0: no penalty. */
  lengthPenalty?: number;
}

/** A decoded sequence. */
export interface Hypothesis {
  /** Without the start and the end. */
  tokens: number[];
  /** Sum of the tokens' log-probabilities, the end's too. */
  logProbability: number;
  /** What hypotheses are ranked by: `logProbability` under the length penalty. */
  score: number;
  /** False where `maxLength` cut it off. */
  ended: boolean;
  /** A row of the step's `trace` for each token (the end not counted). */
  trace: Float32Array[];
}

/** A sequence as its last token and what was written before it. */
interface Written {
  readonly before: Written | null;
  readonly token: number;
  readonly trace: Float32Array[];
}

/** A hypothesis in the making. */
interface Candidate {
  /** Row of the batch that it belongs to. */
  readonly item: number;
  /** Row of the state that continues it. */
  readonly row: number;
  readonly written: Written | null;
  readonly logProbability: number;
  readonly score: number;
  readonly ended: boolean;
}

/** What may follow a candidate. */
interface Continuation {
  readonly parent: Candidate;
  /** Row of the step that the parent had. */
  readonly row: number;
  readonly token: number;
  readonly logit: number;
  readonly logProbability: number;
}

const search = {
  batch: /* @__PURE__ */ isWhole(0),
  start: /* @__PURE__ */ isWhole(0),
  end: /* @__PURE__ */ isWhole(0),
  maxLength: isSize,
  never: /* @__PURE__ */ maybe(
    /* @__PURE__ */ ruleOf('whole numbers from 0', (all) => Array.isArray(all) && all.every((x) => Number.isInteger(x) && x >= 0)),
  ),
};

const beams = {
  ...search,
  beam: /* @__PURE__ */ maybe(isSize),
  nBest: /* @__PURE__ */ maybe(isSize),
  lengthPenalty: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('0 or more', (value) => Number.isFinite(value) && (value as number) >= 0)),
};

const firsts = (batch: number): Candidate[] =>
  Array.from({ length: batch }, (_, item) => ({ item, row: item, written: null, logProbability: 0, score: 0, ended: false }));

function hypothesisOf({ written, logProbability, score, ended }: Candidate): Hypothesis {
  const [tokens, trace]: [number[], Float32Array[]] = [[], []];
  for (let at = written; at; at = at.before) {
    tokens.push(at.token);
    trace.push(...at.trace);
  }
  return { tokens: tokens.reverse(), logProbability, score, ended, trace: trace.reverse() };
}

/**
 * The most likely token at each step, until the end; ties go to the smaller token. Returns a hypothesis for each row of the batch. The
 * state keeps its rows: those that ended are fed the end, and nothing that comes of it counts.
 */
export function greedySearch<S extends State>(step: DecodeStep<S>, initial: S, options: SearchOptions): Hypothesis[] {
  expectOptions('greedySearch', options, search);
  const { batch, start, end, maxLength } = options;
  const each = firsts(batch);
  steps('greedySearch', step, initial, options, (take, barred) => {
    for (let t = 0; t < maxLength && each.some(({ ended }) => !ended); t++) {
      const tokens = each.map(({ ended, written }) => (ended ? end : (written?.token ?? start)));
      const seen = take(t, tokens, null);
      for (const [row, parent] of each.entries()) {
        if (parent.ended) continue;
        expectRow('greedySearch', seen, row, row, t, barred);
        const [found] = best([parent], row, seen, 1, barred) as [Continuation];
        each[row] = continued(found, seen, end, (logP) => logP);
      }
    }
  });
  return each.map(hypothesisOf);
}

/**
 * Beam search over any state. Every step the `beam` best continuations of each row's hypotheses are taken; those that end are set
 * aside, the others stay alive. A row is done when no living hypothesis can overtake its `nBest` ended ones, so that a beam as wide
 * as all continuations is exhaustive search. Ties go to the hypothesis that ended earlier, then to the one whose beginning ranked higher,
 * then to the smaller token. What has probability 0 is no hypothesis. Returns, for each row of the batch, its best hypotheses, best first.
 */
export function beamSearch<S extends State>(step: DecodeStep<S>, initial: S, options: BeamOptions): Hypothesis[][] {
  expectOptions('beamSearch', options, beams);
  const { batch, start, end, maxLength, beam = 1, nBest = 1, lengthPenalty = 0 } = options;
  if (nBest > beam) throw new RangeError(`beamSearch: nBest must be at most beam, got ${nBest} of ${beam}`);
  const done: Candidate[][] = Array.from({ length: batch }, () => []);
  steps('beamSearch', step, initial, options, (take, barred) => {
    const longest = penalty(lengthPenalty, maxLength);
    let alive = firsts(batch);
    let rows: number[] | null = null;
    for (let t = 0; alive.length > 0; t++) {
      const divisor = penalty(lengthPenalty, t + 1);
      if (!Number.isFinite(divisor)) {
        throw new RangeError(`beamSearch: lengthPenalty must keep ((5 + length) / 6)^α in float32, got ${lengthPenalty} at step ${t}`);
      }
      const tokens = alive.map(({ written }) => written?.token ?? start);
      const seen = take(t, tokens, rows);
      for (const [row, { item }] of alive.entries()) expectRow('beamSearch', seen, row, item, t, barred);
      const living: Candidate[] = [];
      for (const [first, parents] of families(alive)) {
        const children = best(parents, first, seen, beam, barred).map((found) => continued(found, seen, end, (logP) => logP / divisor));
        const ended = done[(parents[0] as Candidate).item] as Candidate[];
        const over = (child: Candidate) => child.ended || t === maxLength - 1; // what is cut off competes as it stands
        for (const child of children) if (over(child)) ended.push(child);
        ended.sort((a, b) => b.score - a.score).splice(nBest);
        const bar = ended[nBest - 1]?.score ?? Number.NEGATIVE_INFINITY;
        const open = children.filter((child) => !over(child));
        if (open.some(({ logProbability }) => logProbability / longest > bar)) for (const child of open) living.push(child);
      }
      rows = living.length === alive.length && living.every(({ row }, i) => row === i) ? null : living.map(({ row }) => row);
      alive = living;
    }
  });
  return done.map((ended) => ended.map(hypothesisOf));
}

/** Runs the steps of a search; they leave no tensor behind. */
function steps<S extends State>(
  op: string,
  step: DecodeStep<S>,
  initial: S,
  { end, never }: SearchOptions,
  run: (take: Stepper, barred: ReadonlySet<number>) => void,
): void {
  noGrad(() => scope(() => run(stepper(op, step, initial, end), new Set(never))));
}

/** ((5 + length) / 6)^α by the kernels: `Math.pow` differs between engines. */
function penalty(alpha: number, length: number): number {
  return alpha === 0 ? 1 : scope(() => exp(mul(log(tensor([(5 + length) / 6])), alpha)).item());
}

/** Candidates of one item, which stand side by side, and the row of the first. */
function* families(alive: readonly Candidate[]): Generator<[first: number, parents: Candidate[]]> {
  for (let from = 0, to = 0; from < alive.length; from = to) {
    while (alive[to]?.item === alive[from]?.item) to++;
    yield [from, alive.slice(from, to)];
  }
}

/** The `beam` most likely continuations of `parents`, the rows from `first` on, best first. */
function best(parents: readonly Candidate[], first: number, seen: Seen, beam: number, barred: ReadonlySet<number>): Continuation[] {
  const found: Continuation[] = [];
  for (const [i, parent] of parents.entries()) {
    const row = first + i;
    for (let token = 0; token < seen.width; token++) {
      const at = row * seen.width + token;
      const logProbability = parent.logProbability + (seen.logProbabilities[at] as number);
      const least = found.length < beam ? Number.NEGATIVE_INFINITY : (found[beam - 1] as Continuation).logProbability;
      if (logProbability === Number.NEGATIVE_INFINITY || logProbability < least || barred.has(token)) continue;
      const next = { parent, row, token, logit: seen.logits[at] as number, logProbability };
      let place = found.length;
      while (place > 0 && ahead(next, found[place - 1] as Continuation)) place--;
      found.splice(place, 0, next);
      if (found.length > beam) found.pop();
    }
  }
  return found;
}

/** Whether `a` goes before `b`, which was found earlier. Rounding may make two tokens of a row equally likely whose logits are not. */
function ahead(a: Continuation, b: Continuation): boolean {
  if (a.logProbability !== b.logProbability) return a.logProbability > b.logProbability;
  return a.row === b.row && a.logit > b.logit;
}

function continued(found: Continuation, seen: Seen, end: number, scoreOf: (logProbability: number) => number): Candidate {
  const { parent, row, token, logProbability } = found;
  const ended = token === end;
  const written = ended ? parent.written : { before: parent.written, token, trace: seen.trace(row) };
  return { item: parent.item, row, written, logProbability, score: scoreOf(logProbability), ended };
}

/** Refuses logits from which nothing follows: no numbers, or nothing that may be written. */
function expectRow(op: string, seen: Seen, row: number, item: number, t: number, barred: ReadonlySet<number>): void {
  const where = `in row ${row} at step ${t}${row === item ? '' : ` (row ${item} of the batch)`}`;
  let possible = false;
  for (let token = 0; token < seen.width; token++) {
    const at = row * seen.width + token;
    const logit = seen.logits[at] as number;
    if (!(logit < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`${op}: logits must be numbers below Infinity, got ${logit} ${where}`);
    }
    possible ||= (seen.logProbabilities[at] as number) > Number.NEGATIVE_INFINITY && !barred.has(token);
  }
  if (!possible) throw new RangeError(`${op}: logits must leave a token that may be written, got -Infinity for all ${where}`);
}
