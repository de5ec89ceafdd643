// Formulas of rotary positions, norms of queries and keys, and heads with both.
import { T } from '../attention/table.ts';
import { real } from '../nn/row.ts';
import { realOf } from './models.ts';
import { apply, at, blend, dot, type Matrix, range, scaled, softmax, times, type Vector } from './plain.ts';
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

/** Heads of queries with one head of keys; each query sees the real keys up to its own place. */
const looking: Equation = (w, e) => {
  const x = rows(real([e], [T, 6], 1));
  const mapped = (name: string) => x.map((row) => apply(w.matrix(`${name}_proj.weight`), row));
  const placed = (all: Matrix, which: 'q' | 'k') =>
    all.map((row, t) => turned(rmsNorm(row, 1e-6, w.vector(`between.parts.0.${which}_norm.weight`)), t, 4, false));
  const [keys, values] = [placed(mapped('k'), 'k'), mapped('v')];
  const all = [0, 4].map((from) =>
    placed(
      mapped('q').map((row) => row.slice(from, from + 4)),
      'q',
    ).map((query, t) => {
      const seen = range(Math.min(t + 1, realOf(e, T)));
      const weights = softmax(seen.map((s) => 0.7 * dot(query, at(keys, s))));
      return { weights: range(T).map((s) => weights[s] ?? 0), read: blend(weights, values.slice(0, seen.length)) };
    }),
  );
  const output = range(T).flatMap((t) =>
    apply(
      w.matrix('out_proj.weight'),
      all.flatMap((head) => at(head, t).read),
    ),
  );
  return [...output, ...all.flatMap((head) => head.flatMap(({ weights }) => weights))];
};

/** Equations by the rows' titles. */
export const betweenEquations: Record<string, Equation> = {
  'Rotary: halves': both((x, t) => turned(x, t, 6, false)),
  'Rotary: pairs of a part of the width': both((x, t) => turned(x, t, 4, true)),
  QKNorm: both((x, _, w, which) => rmsNorm(x, 1e-6, w.vector(`${which}_norm.weight`))),
  'QKNorm: without weights': both((x) => rmsNorm(x, 0.01)),
  CombinedBetween: both((x, t, w, which) => turned(rmsNorm(x, 1e-6, w.vector(`parts.0.${which}_norm.weight`)), t, 6, false)),
  'MultiHead: normed, turned, of a width and scale of its own': looking,
};
