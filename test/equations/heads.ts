// Formulas of the rows of projections and heads: maps, their parts for each head, and the attention of each.
import { S, T } from '../attention/table.ts';
import { real } from '../nn/row.ts';
import { attend, attention, score, type Taken } from './attention.ts';
import { realOf } from './models.ts';
import { apply, at, type Matrix, plus, range, type Vector } from './plain.ts';
import { linear } from './recurrent.ts';
import { rows, type Weights } from './weights.ts';

type Equation = (w: Weights, e: number) => Vector;

/** Lines of queries, keys and values. */
const lines = (e: number, widths: readonly number[]): [Matrix, Matrix, Matrix] => [
  rows(real([e], [T, at(widths, 0)], 1)),
  rows(real([e], [S, at(widths, 1)], 2)),
  rows(real([e], [S, at(widths, 2)], 3)),
];

/** The part of each head, one after the other. */
const parts = (all: Matrix, heads: number): Matrix[] =>
  range(heads).map((head) => all.map((x) => x.slice((head * x.length) / heads, ((head + 1) * x.length) / heads)));

const biased = (w: Weights, m: Matrix, x: Vector, which: number): Vector =>
  plus(apply(m, x), w.vector('in_proj_bias').slice(which * 6, (which + 1) * 6));

const packed: Equation = (w, e) =>
  range(3).flatMap((which) => {
    const m = w.matrix('in_proj_weight').slice(which * 6, (which + 1) * 6);
    return parts(
      rows(real([e], [T, 6], 1)).map((x) => biased(w, m, x, which)),
      2,
    ).flat(2);
  });

const separate: Equation = (w, e) =>
  lines(e, [6, 5, 4]).flatMap((xs, which) => {
    const m = w.matrix(`${at(['q', 'k', 'v'], which)}_proj_weight`);
    return parts(
      xs.map((x) => biased(w, m, x, which)),
      2,
    ).flat(2);
  });

/** Maps of one head of keys and values for two of queries (Ainslie et al. 2023). */
const mapped = (w: Weights, e: number, names: readonly string[] = ['query', 'key', 'value']): Matrix[][] =>
  lines(e, [6, 5, 4]).map((xs, which) =>
    parts(
      xs.map((x) => linear(w, at(names, which), x)),
      which === 0 ? 2 : 1,
    ),
  );

const maps: Equation = (w, e) => mapped(w, e).flat(3);

/** Each head of queries with the one of keys and values. */
const looked = (w: Weights, e: number, queries: readonly Matrix[], keys: Matrix, values: Matrix): Taken[][] =>
  queries.map((xs) => attend(attention({ score: score('scaledDot', w) }), xs, keys, values, (_, s) => s < realOf(e, S)));

const told = (heads: Taken[][], field: 'output' | 'weights'): Vector => heads.flatMap((taken) => taken.flatMap((one) => one[field]));

const heads: Equation = (w, e) => {
  const of = (n: number, count: number, width: number, seed: number) => inTurn(rows(real([e], [n * count, width], seed)), n);
  const taken = looked(w, e, of(2, T, 3, 1), at(of(1, S, 3, 2), 0), at(of(1, S, 2, 3), 0));
  return [...told(taken, 'output'), ...told(taken, 'weights')];
};

/** Lines of several heads, one after the other. */
const inTurn = (all: Matrix, count: number): Matrix[] =>
  range(count).map((head) => all.slice((head * all.length) / count, ((head + 1) * all.length) / count));

const whole = (w: Weights, e: number, all: Matrix[][], output: string): Vector => {
  const [queries, keys, values] = all as [Matrix[], Matrix[], Matrix[]];
  const taken = looked(w, e, queries, at(keys, 0), at(values, 0));
  const read = range(T).flatMap((t) =>
    linear(
      w,
      output,
      taken.flatMap((one) => at(one, t).output),
    ),
  );
  return [...read, ...told(taken, 'weights')];
};

/** Equations by the rows' titles. */
export const headEquations: Record<string, Equation> = {
  PackedProjection: packed,
  SeparateProjection: separate,
  Maps: maps,
  Heads: heads,
  HeadedAttention: (w, e) => whole(w, e, mapped(w.within('projection'), e), 'output'),
  'MultiHead: grouped': (w, e) => whole(w, e, mapped(w, e, ['q_proj', 'k_proj', 'v_proj']), 'out_proj'),
};
