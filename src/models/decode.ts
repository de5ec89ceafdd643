import { noGrad } from '../autograd/record.ts';
import { mapState, type State } from '../nn/state.ts';
import { argmax, exp, gather, log, logSoftmax, mul } from '../ops/index.ts';
import type { Storage } from '../runtime/storage.ts';
import { tensor } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * One step of a decoder: the last token of each row (int32 `[N]`) and the state before it, to the logits of the next token
 * `[N, V]` and the state after it. `trace` `[N, K]` is kept with each hypothesis: attention weights, for instance.
 */
export type DecodeStep<S extends State> = (tokens: Tensor, state: S) => { logits: Tensor; state: S; trace?: Tensor };

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
}

/** What beam search needs to know besides. */
export interface BeamOptions extends SearchOptions {
  /** Hypotheses kept alive for each row. Default 1, which is greedy search. */
  beam?: number;
  /** Best ones returned for each row; at most `beam`. Default 1. */
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

interface Alive extends Hypothesis {
  /** Row of the batch it belongs to. */
  item: number;
  /** Row of the state that continues it. */
  row: number;
}

function check(op: string, options: BeamOptions): void {
  const whole: [string, number, number][] = [
    ['batch', options.batch, 0],
    ['maxLength', options.maxLength, 1],
    ['beam', options.beam ?? 1, 1],
    ['nBest', options.nBest ?? 1, 1],
  ];
  for (const [name, value, least] of whole) {
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`${op}: ${name} must be a whole number from ${least}, got ${value}`);
  }
  if ((options.nBest ?? 1) > (options.beam ?? 1)) {
    throw new RangeError(`${op}: nBest must be at most beam, got ${options.nBest} of ${options.beam ?? 1}`);
  }
  if (!((options.lengthPenalty ?? 0) >= 0)) throw new RangeError(`${op}: lengthPenalty must be 0 or more, got ${options.lengthPenalty}`);
}

function storagesOf(state: State, into = new Set<Storage>()): Set<Storage> {
  for (const part of Object.values(state)) part instanceof Tensor ? into.add(part.storage) : storagesOf(part, into);
  return into;
}

/** Runs one step for `tokens`, reordered to `rows` first, in a scope of its own; gives back the state and plain rows of numbers. */
function advance<S extends State>(step: DecodeStep<S>, state: S, tokens: number[], rows: number[] | null, normalise: boolean) {
  return scope(() => {
    const from = rows ? mapState(state, (x) => gather(x, tensor(rows, { dtype: 'int32' }))) : state;
    const { logits, state: next, trace } = step(tensor(tokens, { dtype: 'int32' }), from);
    const width = logits.shape[1] as number;
    const best = normalise ? null : argmax(logits, { axis: -1 }).toArray();
    return {
      next,
      width,
      best,
      table: (normalise ? logSoftmax(logits) : logits).toArray(),
      trace: trace?.toArray() as Float32Array | undefined,
    };
  });
}

/** Frees what the old state held and neither the new one nor the caller holds. */
function release(old: State, next: State, callers: ReadonlySet<Storage>): void {
  const kept = storagesOf(next);
  for (const storage of storagesOf(old)) if (!kept.has(storage) && !callers.has(storage)) storage.free();
}

const rowOf = (trace: Float32Array | undefined, row: number, rows: number) =>
  trace ? [trace.slice((row * trace.length) / rows, ((row + 1) * trace.length) / rows)] : [];

/** The most likely token at each step, until the end. Returns a hypothesis for each row of the batch. */
export function greedySearch<S extends State>(step: DecodeStep<S>, initial: S, options: SearchOptions): Hypothesis[] {
  check('greedySearch', options);
  const { batch, start, end, maxLength } = options;
  return noGrad(() => {
    const callers = storagesOf(initial);
    const results: Hypothesis[] = Array.from({ length: batch }, () => ({
      tokens: [],
      logProbability: 0,
      score: 0,
      ended: false,
      trace: [],
    }));
    let state = initial;
    let tokens: number[] = results.map(() => start);
    for (let t = 0; t < maxLength && results.some((result) => !result.ended); t++) {
      const { next, width, table, best, trace } = advance(step, state, tokens, null, false);
      release(state, next, callers);
      state = next;
      tokens = Array.from(best ?? []);
      results.forEach((result, row) => {
        if (result.ended) return;
        const token = tokens[row] as number;
        result.logProbability += logProbability(table, row * width, width, token);
        result.ended = token === end;
        if (result.ended) return;
        result.tokens.push(token);
        result.trace.push(...rowOf(trace, row, batch));
      });
    }
    release(state, {}, callers);
    for (const result of results) result.score = result.logProbability;
    return results;
  });
}

/** `log softmax` of one entry, by the kernel that does it for all. */
function logProbability(table: ArrayLike<number>, from: number, width: number, token: number): number {
  const row = Float32Array.from({ length: width }, (_, i) => table[from + i] as number);
  return scope(() => logSoftmax(tensor(row)).toArray()[token] as number);
}

/** ((5 + length) / 6)^α for every length, by the kernels: `Math.pow` differs between engines. */
function penalties(alpha: number, maxLength: number): ArrayLike<number> {
  const base = Float32Array.from({ length: maxLength + 1 }, (_, length) => (5 + length) / 6);
  return scope(() => exp(mul(log(tensor(base)), alpha)).toArray());
}

/**
 * Beam search over any state. Every step the `beam` best continuations of each row's hypotheses are taken; those that end are set
 * aside, the others stay alive. A row is done when no living hypothesis can overtake its `nBest` ended ones, so that a beam as wide
 * as all continuations is exhaustive search. Ties go to the earlier hypothesis and the smaller token. Returns, for each row of
 * the batch, its best hypotheses, best first.
 */
export function beamSearch<S extends State>(step: DecodeStep<S>, initial: S, options: BeamOptions): Hypothesis[][] {
  check('beamSearch', options);
  const { batch, start, end, maxLength, beam = 1, nBest = 1, lengthPenalty = 0 } = options;
  return noGrad(() => {
    const callers = storagesOf(initial);
    const penalty = penalties(lengthPenalty, maxLength);
    const scoreOf = (logP: number, length: number) => logP / (penalty[length] as number);
    const finished: Hypothesis[][] = Array.from({ length: batch }, () => []);
    let alive: Alive[] = finished.map((_, item) => ({ item, row: item, tokens: [], logProbability: 0, score: 0, ended: false, trace: [] }));
    let state = initial;
    let rows: number[] | null = null;
    for (let t = 0; t < maxLength && alive.length > 0; t++) {
      const { next, width, table, trace } = advance(
        step,
        state,
        alive.map((a) => a.tokens.at(-1) ?? start),
        rows,
        true,
      );
      release(state, next, callers);
      state = next;
      const living: Alive[] = [];
      for (const item of new Set(alive.map((a) => a.item))) {
        const parents = alive.flatMap((a, row) => (a.item === item ? [{ a, row }] : []));
        const mine: Alive[] = [];
        const done = finished[item] as Hypothesis[];
        for (const { parent, row, token, logP } of best(parents, table, width, beam)) {
          const ended = token === end;
          const child = { item, row, logProbability: logP, score: scoreOf(logP, parent.tokens.length + 1), ended };
          if (ended) done.push({ ...child, tokens: parent.tokens, trace: parent.trace });
          else mine.push({ ...child, tokens: [...parent.tokens, token], trace: [...parent.trace, ...rowOf(trace, row, alive.length)] });
        }
        if (t === maxLength - 1) done.push(...mine); // what is cut off competes as it stands
        done.sort((a, b) => b.score - a.score);
        const bar = done[nBest - 1]?.score ?? Number.NEGATIVE_INFINITY;
        if (t < maxLength - 1 && mine.some((a) => scoreOf(a.logProbability, maxLength) > bar)) living.push(...mine);
      }
      rows = living.map((a) => a.row);
      if (living.length === alive.length && rows.every((row, i) => row === i)) rows = null;
      alive = living;
    }
    release(state, {}, callers);
    return finished.map((done) =>
      done.slice(0, nBest).map(({ tokens, logProbability, score, ended, trace }) => ({ tokens, logProbability, score, ended, trace })),
    );
  });
}

interface Continuation {
  parent: Alive;
  row: number;
  token: number;
  logP: number;
}

/** The `beam` most likely continuations of some hypotheses, in order. */
function best(parents: { a: Alive; row: number }[], table: ArrayLike<number>, width: number, beam: number): Continuation[] {
  const found: Continuation[] = [];
  for (const { a, row } of parents) {
    for (let token = 0; token < width; token++) {
      const logP = a.logProbability + (table[row * width + token] as number);
      if (found.length === beam && !(logP > (found[beam - 1] as Continuation).logP)) continue;
      let at = found.length;
      while (at > 0 && logP > (found[at - 1] as Continuation).logP) at--;
      found.splice(at, 0, { parent: a, row, token, logP });
      if (found.length > beam) found.pop();
    }
  }
  return found;
}
