// Attention, one query at a time: score → window → selection → read.
import { scores } from '../attention/table.ts';
import {
  apply,
  at,
  blend,
  dot,
  logSoftmax,
  type Matrix,
  plus,
  range,
  scaled,
  sigmoid,
  softmax,
  tanh,
  times,
  total,
  type Vector,
  zeros,
} from './plain.ts';
import { linear } from './recurrent.ts';
import type { Weights } from './weights.ts';

/** The result of one query. With several heads, `heads` has the results of each. */
export interface Taken {
  output: Vector;
  weights: Vector;
  choice?: number;
  logProbability?: number;
  entropy?: number;
  value?: number;
  heads?: Taken[];
}

/** One query with its context. */
export interface Sight {
  query: Vector;
  keys: Matrix;
  values: Matrix;
  /** The keys it may attend to. */
  may: readonly boolean[];
  /** Number of earlier queries. */
  t: number;
  /** Its place among the keys. */
  place: number;
  /** The results of earlier queries. */
  past: readonly Taken[];
}

export type Look = (sight: Sight) => Taken;
export type Score = (sight: Sight, key: Vector, s: number) => number;
interface Windowed {
  scores: Vector;
  may: readonly boolean[];
  factor?: Vector;
}
export type Window = (scores: Vector, sight: Sight) => Windowed;
export type Selection = (scores: Vector, may: readonly boolean[], sight: Sight) => Omit<Taken, 'output'>;
export type Read = (taken: Omit<Taken, 'output'>, values: Matrix) => Vector;

const sumOfPast = ({ past, keys }: Sight) => past.reduce<Vector>((sum, { weights }) => plus(sum, weights), zeros(keys.length));

/** A score of the table of scores, whose formula takes plain numbers. */
export function score(name: string, w: Weights): Score {
  const row = scores[name];
  if (!row) throw new Error(`score: must have a formula, got ${name}`);
  const element = (path: string) => {
    const m = w.matrix(path);
    return { rows: m.length, columns: at(m, 0).length, at: (i: number, j = 0) => at(at(m, i), j) };
  };
  return (sight, key, s) => {
    const previous = sight.past.at(-1)?.weights ?? zeros(sight.keys.length);
    return row.formula(sight.query, key, element, { s, seen: row.reads === 'coverage' ? sumOfPast(sight) : previous });
  };
}

/** Luong, Pham, Manning 2015, §3.2, *local-m*: D keys to each side of the t-th, or of the last real one. */
export const localMonotonic =
  (size: number): Window =>
  (all, { may, t }) => {
    const p = Math.min(t, may.filter(Boolean).length - 1);
    return { scores: all, may: may.map((seen, s) => seen && Math.abs(s - p) <= size) };
  };

/** *local-p*, eq. 9 and 10: p = S · sigmoid(vᵀ tanh(W q)), and a Gaussian of σ = D / 2 around it. */
export const localPredictive =
  (w: Weights, size: number): Window =>
  (all, { query, may }) => {
    const open = dot(w.vector('v'), tanh(apply(w.matrix('project.weight'), query)));
    const p = may.filter(Boolean).length / (1 + Math.exp(-open));
    return {
      scores: all,
      may: may.map((seen, s) => seen && Math.abs(s - p) <= size),
      factor: all.map((_, s) => Math.exp(-((s - p) ** 2) / (2 * (size / 2) ** 2))),
    };
  };

/** Limited distances before and after the query's own place. */
export const sliding =
  (before: number, after: number): Window =>
  (all, { may, place }) => ({ scores: all, may: may.map((seen, s) => seen && s >= place - before && s <= place + after) });

export const masked =
  (table: (t: number, s: number) => boolean): Window =>
  (all, { may, t }) => ({ scores: all, may: may.map((seen, s) => seen && table(t, s)) });

export const biased =
  (table: (t: number, s: number) => number): Window =>
  (all, { may, t }) => ({ scores: all.map((x, s) => x + table(t, s)), may });

/** What goes by the distance of a key from the query's own place is added. */
export const distant =
  (of: (distance: number, query: Vector) => number): Window =>
  (all, { may, place, query }) => ({ scores: all.map((x, s) => x + of(s - place, query)), may });

/** Shaw, Uszkoreit, Vaswani 2018, eq. 4: q · aᴷ of the distance, clipped to k either way, over √D. */
export const related = (table: Matrix, reach: number): Window =>
  distant((d, query) => dot(query, at(table, Math.max(-reach, Math.min(reach, d)) + reach)) / Math.sqrt(query.length));

/** Lowered by the sum of earlier weights (See, Liu, Manning 2017, eq. 10). */
export const coverage =
  (strength: number): Window =>
  (all, sight) => ({ scores: plus(all, scaled(sumOfPast(sight), -strength)), may: sight.may });

/** Each window by its own formula; a key is seen if all show it, and factors multiply. */
export const combined =
  (...windows: Window[]): Window =>
  (all, sight) => {
    let result: Windowed = { scores: all, may: sight.may };
    for (const window of windows) {
      const next = window(result.scores, sight);
      const factor = [result.factor, next.factor]
        .filter((f) => f !== undefined)
        .reduce<Vector | undefined>((a, b) => (a ? times(a, b) : b), undefined);
      result = { scores: next.scores, may: result.may.map((seen, s) => seen && at(next.may, s)), ...(factor && { factor }) };
    }
    return result;
  };

/** `of` over the visible elements, 0 elsewhere. */
function among(x: Vector, may: readonly boolean[], of: (some: Vector) => Vector): Vector {
  const places = range(x.length).filter((i) => at(may, i));
  const got = places.length > 0 ? of(places.map((i) => at(x, i))) : [];
  const all = zeros(x.length);
  places.forEach((place, i) => {
    all[place] = at(got, i);
  });
  return all;
}

/** The first index of the largest, −1 if there is none. */
const highestOf = (x: Vector, may: readonly boolean[]) =>
  range(x.length).reduce((best, i) => (at(may, i) && (best < 0 || at(x, i) > at(x, best)) ? i : best), -1);
const oneHot = (n: number, choice: number) => zeros(n).map((_, i) => (i === choice ? 1 : 0));

/** Bahdanau, Cho, Bengio 2015, eq. 6; Hinton, Vinyals, Dean 2015, eq. 1 with a temperature. */
export const soft =
  (temperature = 1): Selection =>
  (all, may) => ({ weights: among(all, may, (x) => softmax(scaled(x, 1 / temperature))) });

/** Martins and Astudillo 2016, algorithm 1: the projection on the simplex. */
export const sparse: Selection = (all, may) => ({
  weights: among(all, may, (z) => {
    const sorted = [...z].sort((a, b) => b - a);
    const k = range(z.length).filter((i) => 1 + (i + 1) * at(sorted, i) > total(sorted.slice(0, i + 1))).length;
    const threshold = (total(sorted.slice(0, k)) - 1) / k;
    return z.map((x) => Math.max(0, x - threshold));
  }),
});

export const highest: Selection = (all, may) => {
  const choice = highestOf(all, may);
  return { weights: oneHot(all.length, choice), choice };
};

/** Xu et al. 2015, §4.1: the log-probability and the entropy of the choice; the most probable key without a draw. */
export const hard: Selection = (all, may) => {
  const choice = highestOf(all, may);
  const logs = among(all, may, logSoftmax);
  const entropy = total(logs.map((log, s) => (at(may, s) ? -Math.exp(log) * log : 0)));
  return { weights: oneHot(all.length, choice), choice, logProbability: choice < 0 ? 0 : at(logs, choice), entropy };
};

/** Q-learning's value of the choice. */
export const valued: Selection = (all, may) => {
  const choice = highestOf(all, may);
  return { weights: oneHot(all.length, choice), choice, value: choice < 0 ? 0 : at(all, choice) };
};

/** Raffel et al. 2017, eq. 10: αⱼ = pⱼ Σₖ α′ₖ Π (1 − pₗ), l from k to j − 1; before the first query the reader stands at key 0. */
export const monotonicSoft: Selection = (all, may, { past }) => {
  const p = sigmoid(all).map((x, s) => (at(may, s) ? x : 0));
  const before = past.at(-1)?.weights ?? oneHot(all.length, 0);
  const passing = (from: number, to: number) => p.slice(from, to).reduce((product, x) => product * (1 - x), 1);
  return { weights: p.map((x, j) => x * total(range(j + 1).map((k) => at(before, k) * passing(k, j)))) };
};

/** Raffel et al. 2017, algorithm 1: the first key from where it stopped last whose p is above ½. */
export const monotonicHard: Selection = (all, may, { past }) => {
  const from = past.reduce((at, { choice = -1 }) => (choice < 0 ? at : choice), 0);
  const choice = range(all.length).find((s) => s >= from && at(may, s) && at(all, s) > 0) ?? -1;
  return { weights: oneHot(all.length, choice), choice };
};

export const weightedSum: Read = ({ weights }, values) => blend(weights, values);
export const chosenItem: Read = ({ choice = -1 }, values) => (choice < 0 ? zeros(at(values, 0).length) : at(values, choice));
export const pointing: Read = ({ weights }) => weights;

/** The four parts, the defaults as in Bahdanau et al. 2015. */
export function attention({
  score,
  window,
  selection = soft(),
  read = weightedSum,
}: {
  score: Score;
  window?: Window;
  selection?: Selection;
  read?: Read;
}): Look {
  return (sight) => {
    const plain = sight.keys.map((key, s) => (at(sight.may, s) ? score(sight, key, s) : 0));
    const { scores, may, factor } = window?.(plain, sight) ?? { scores: plain, may: sight.may, factor: undefined };
    const selected = selection(scores, may, sight);
    const taken = factor ? { ...selected, weights: times(selected.weights, factor) } : selected;
    return { ...taken, output: read(taken, sight.values) };
  };
}

/** Vaswani et al. 2017, §3.2.2: maps of queries, keys and values for each head, and a map of what they read. */
export function multiHead(w: Weights, heads: number, look: Look): Look {
  const size = at(w.matrix('out_proj.weight'), 0).length;
  const map = (which: number, x: Vector) => {
    const packed = w.has('in_proj_weight');
    const m = packed
      ? w.matrix('in_proj_weight').slice(which * size, (which + 1) * size)
      : w.matrix(`${at(['q', 'k', 'v'], which)}_proj_weight`);
    const y = apply(m, x);
    return w.has('in_proj_bias') ? plus(y, w.vector('in_proj_bias').slice(which * size, (which + 1) * size)) : y;
  };
  const part = (x: Vector, head: number) => x.slice((head * size) / heads, ((head + 1) * size) / heads);
  return (sight) => {
    const each = range(heads).map((head) =>
      look({
        ...sight,
        query: part(map(0, sight.query), head),
        keys: sight.keys.map((key) => part(map(1, key), head)),
        values: sight.values.map((value) => part(map(2, value), head)),
        past: sight.past.map((taken) => at(taken.heads ?? [], head)),
      }),
    );
    const drawn = each.every(({ logProbability }) => logProbability !== undefined);
    return {
      output: linear(
        w,
        'out_proj',
        each.flatMap(({ output }) => output),
      ),
      weights: each.flatMap(({ weights }) => weights),
      heads: each,
      ...(drawn && { logProbability: total(each.map((x) => x.logProbability ?? 0)), entropy: total(each.map((x) => x.entropy ?? 0)) }),
    };
  };
}

/** Queries one after the other. */
export function attend(look: Look, queries: Matrix, keys: Matrix, values: Matrix, may: (t: number, s: number) => boolean): Taken[] {
  const past: Taken[] = [];
  queries.forEach((query, t) => {
    const seen = keys.map((_, s) => may(t, s));
    past.push(look({ query, keys, values, may: seen, t, place: t + keys.length - queries.length, past: [...past] }));
  });
  return past;
}
