// Formulas of rotary positions, norms of queries and keys, what goes by distance, and heads with them.
import { S, T } from '../attention/table.ts';
import { real } from '../nn/row.ts';
import { realOf } from './models.ts';
import { apply, at, blend, dot, type Matrix, plus, range, scaled, softmax, times, type Vector } from './plain.ts';
import { rows, type Weights } from './weights.ts';

type Equation = (w: Weights, e: number) => Vector;

/** Su et al. 2021, eq. 34, the i-th pair turned by t / (1 + i) as the rows' table has it; `pairs` are neighbours, else half a width apart. */
export function turned(x: Vector, t: number, width: number, pairs: boolean): Vector {
  const y = [...x];
  for (const i of range(width / 2)) {
    const [a, b] = pairs ? [2 * i, 2 * i + 1] : [i, i + width / 2];
    const angle = t / (1 + i);
    y[a] = at(x, a) * Math.cos(angle) - at(x, b) * Math.sin(angle);
    y[b] = at(x, a) * Math.sin(angle) + at(x, b) * Math.cos(angle);
  }
  return y;
}

/** `x / √(⟨x²⟩ + eps) · weight` (Zhang and Sennrich 2019, eq. 4). */
export function rmsNorm(x: Vector, eps: number, weight?: Vector): Vector {
  const normed = scaled(x, 1 / Math.sqrt(dot(x, x) / x.length + eps));
  return weight ? times(normed, weight) : normed;
}

/** Queries of two heads at places from the example's number on, keys of one from 0 on. */
const both =
  (of: (x: Vector, t: number, w: Weights, which: 'q' | 'k') => Vector): Equation =>
  (w, e) => [
    ...rows(real([e], [2 * T, 6], 1)).flatMap((x, i) => of(x, e + (i % T), w, 'q')),
    ...rows(real([e], [T, 6], 2)).flatMap((x, t) => of(x, t, w, 'k')),
  ];

/** Raffel et al. 2020's buckets: 8 in both directions with a most of 5, 4 with a most of 3, or of 4 in one direction with a most of 5. */
export function bucketOf(d: number, buckets = 4, most = 3, both = true): number {
  const n = both ? buckets / 2 : buckets;
  const e = n / 2;
  const far = both ? Math.abs(d) : Math.max(0, -d);
  const own = far < e ? far : Math.min(n - 1, e + Math.floor((Math.log(far / e) / Math.log(most / e)) * (n - e) + 1e-9));
  return own + (both && d > 0 ? n : 0);
}

interface Look {
  /** Queries, keys and values of a head. */
  maps: (w: Weights, x: Matrix, h: number) => [Matrix, Matrix, Matrix];
  scale: number;
  sees?: (d: number) => boolean;
  capped?: (score: number) => number;
  /** Added to the score of a key at a distance. */
  added?: (w: Weights, d: number, h: number, query: Vector) => number;
  /** Read besides a value. */
  beside?: (w: Weights, d: number) => Vector;
}

/** Two heads over themselves, each key at the distance `s − t`. */
const looking =
  ({ maps, scale, sees = () => true, capped = (x) => x, added = () => 0, beside }: Look): Equation =>
  (w, e) => {
    const x = rows(real([e], [T, 6], 1));
    const all = range(2).map((h) => {
      const [queries, keys, values] = maps(w, x, h);
      return queries.map((query, t) => {
        const seen = range(realOf(e, T)).filter((s) => sees(s - t));
        const weights = softmax(seen.map((s) => capped(scale * dot(query, at(keys, s))) + added(w, s - t, h, query)));
        const read = seen.map((s) => (beside ? plus(at(values, s), beside(w, s - t)) : at(values, s)));
        return { weights: range(T).map((s) => weights[seen.indexOf(s)] ?? 0), read: blend(weights, read) };
      });
    });
    const output = range(T).flatMap((t) =>
      apply(
        w.matrix('out_proj.weight'),
        all.flatMap((head) => at(head, t).read),
      ),
    );
    return [...output, ...all.flatMap((head) => head.flatMap(({ weights }) => weights))];
  };

/** The part of a head. */
const part = (all: Matrix, h: number, width: number): Matrix => all.map((row) => row.slice(h * width, (h + 1) * width));

/** Maps of two heads of queries and one of keys, each 4 wide. */
const grouped: Look['maps'] = (w, x, h) => {
  const mapped = (name: string) => x.map((row) => apply(w.matrix(`${name}_proj.weight`), row));
  return [part(mapped('q'), h, 4), mapped('k'), mapped('v')];
};

/** One matrix of all maps, heads 3 wide. */
const packed: Look['maps'] = (w, x, h) => {
  const all = x.map((row) => apply(w.matrix('in_proj_weight'), row));
  return [0, 6, 12].map((from) =>
    part(
      all.map((row) => row.slice(from, from + 6)),
      h,
      3,
    ),
  ) as [Matrix, Matrix, Matrix];
};

const placed: Look['maps'] = (w, x, h) => {
  const [queries, keys, values] = grouped(w, x, h);
  const of = (all: Matrix, which: 'q' | 'k') =>
    all.map((row, t) => turned(rmsNorm(row, 1e-6, w.vector(`between.parts.0.${which}_norm.weight`)), t, 4, false));
  return [of(queries, 'q'), of(keys, 'k'), values];
};

const clip = (d: number) => Math.max(-2, Math.min(2, d)) + 2;

/** A window alone: scores of queries from the example's number on, with what it adds. */
const windowed =
  (of: (w: Weights, d: number, query: Vector) => number): Equation =>
  (w, e) => {
    const queries = rows(real([e], [T, 6], 1));
    return rows(real([e], [T, S], 2)).flatMap((scores, t) => scores.map((x, s) => x + of(w, s - e - t, at(queries, t))));
  };

const relative: Equation = (w, e) => [
  ...windowed((_, d, query) => dot(query, at(w.matrix('keys'), clip(d))) / Math.sqrt(6))(w, e),
  ...rows(real([e], [T, S], 3)).flatMap((weights, t) =>
    blend(
      weights,
      range(S).map((s) => at(w.matrix('values'), clip(s - e - t))),
    ),
  ),
];

/** Equations by the rows' titles. */
export const betweenEquations: Record<string, Equation> = {
  'Rotary: halves': both((x, t) => turned(x, t, 6, false)),
  'Rotary: pairs of a part of the width': both((x, t) => turned(x, t, 4, true)),
  QKNorm: both((x, _, w, which) => rmsNorm(x, 1e-6, w.vector(`${which}_norm.weight`))),
  'QKNorm: without weights': both((x) => rmsNorm(x, 0.01)),
  CombinedBetween: both((x, t, w, which) => turned(rmsNorm(x, 1e-6, w.vector(`parts.0.${which}_norm.weight`)), t, 6, false)),
  'MultiHead: normed, turned, of a width and scale of its own': looking({ maps: placed, scale: 0.7, sees: (d) => d <= 0 }),
  DistanceBias: windowed((w, d) => at(w.vector('weight'), bucketOf(d, 8, 5))),
  'DistanceBias: in one direction': windowed((w, d) => at(w.vector('weight'), bucketOf(d, 4, 5, false))),
  RelativePositions: relative,
  'MultiHead: relative positions': looking({
    maps: packed,
    scale: 1 / Math.sqrt(3),
    sees: (d) => d <= 0,
    added: (w, d, _, query) => dot(query, at(w.matrix('attention.window.windows.1.keys'), clip(d))) / Math.sqrt(3),
    beside: (w, d) => at(w.matrix('attention.window.windows.1.values'), clip(d)),
  }),
  'MultiHead: a bias by distance, of grouped heads of a width and scale of their own': looking({
    maps: grouped,
    scale: 1,
    added: (w, d, h) => at(at(w.matrix('attention.window.weight'), bucketOf(d, 8, 5)), h),
  }),
  'MultiHead: slopes in a window, capped': looking({
    maps: packed,
    scale: 1 / Math.sqrt(3),
    sees: (d) => d >= -2 && d <= 1,
    capped: (x) => 0.8 * Math.tanh(x / 0.8),
    added: (_, d, h) => -at([0.5, 0.0625], h) * Math.abs(d),
  }),
};
