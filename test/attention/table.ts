import { Attention } from '../../src/attention/attention.ts';
import type { Selection, Window } from '../../src/attention/parts.ts';
import { AdditiveScore, DotScore, GeneralScore, type Score, type ScoreName } from '../../src/attention/score.ts';
import { soft } from '../../src/attention/selection.ts';
import { everywhere } from '../../src/attention/window.ts';
import { type Key, key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { beside, type ModuleRow, padding, real, row } from '../nn/row.ts';

/** A matrix or a vector of a score's parameters, by path. */
export type Weights = (path: string) => { at: (i: number, j?: number) => number; rows: number };

export interface ScoreRow {
  build(sizes: { query: number; key: number; hidden: number }, key: Key): Score;
  /** The score of one query and one key in plain TypeScript, from the paper. */
  formula(query: readonly number[], key: readonly number[], weights: Weights): number;
  /** Queries and keys are of one width. */
  square?: true;
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

/** Every score by name. */
export const scores: Record<ScoreName, ScoreRow> = {
  dot: { build: () => new DotScore(), formula: dot, square: true },
  scaledDot: {
    build: () => new DotScore({ scaled: true }),
    formula: (q, k) => dot(q, k) / Math.sqrt(q.length),
    square: true,
  },
  general: {
    build: (sizes, from) => new GeneralScore(sizes, from),
    formula: (q, k, weights) => q.reduce((sum, x, i) => sum + x * k.reduce((inner, y, j) => inner + weights('weight').at(i, j) * y, 0), 0),
  },
  additive: {
    build: (sizes, from) => new AdditiveScore(sizes, from),
    formula: (q, k, weights) => {
      const [w, u, b, v] = [weights('query.weight'), weights('key.weight'), weights('key.bias'), weights('v')];
      let sum = 0;
      for (let h = 0; h < v.rows; h++) {
        const from = (x: readonly number[], m: typeof w) => x.reduce((inner, value, i) => inner + m.at(h, i) * value, 0);
        sum += v.at(h) * Math.tanh(from(q, w) + from(k, u) + b.at(h));
      }
      return sum;
    },
  },
};

/** Every window by its exported name. */
export const windows: Record<string, Window> = { everywhere };

/** Every selection by its exported name, with a key where it draws. */
export const selections: Record<string, { selection: Selection; key?: Key }> = { soft: { selection: soft } };

/** Lengths of the tests: examples, queries, keys, widths of keys and of values. */
export const [B, T, S, K, V] = [4, 3, 7, 5, 4];
export const BATCH = [0, 1, 2, 3];
export const named = Object.entries(scores) as [ScoreName, ScoreRow][];
export const widths = (row: ScoreRow) => ({ query: row.square ? K : 6, key: K, hidden: 9 });

/** Queries, keys and values for a score. */
export const inputs = (row: ScoreRow, examples: readonly number[] = BATCH): [Tensor, Tensor, Tensor] => [
  real(examples, [T, widths(row).query], 1),
  real(examples, [S, K], 2),
  real(examples, [S, V], 3),
];

/** Rows of the module table: every score alone, and attention with it over a padded memory. */
export const attending: ModuleRow[] = named.flatMap(([name, spec]) => {
  const make = (from: Key) => spec.build(widths(spec), from);
  const fixed = make(key(0)).stateDict().size === 0 ? { fixed: true as const } : {};
  return [
    row({
      module: make(key(0)).constructor.name,
      name,
      build: make,
      call: (score, examples) => {
        const [query, keys] = inputs(spec, examples);
        return score.score(query, score.prepare(keys));
      },
      ...fixed,
    }),
    row({
      module: 'Attention',
      name,
      build: (from) => new Attention({ score: make(from) }),
      call: (attention, examples) => {
        const { output, weights } = attention.forward(...inputs(spec, examples), { mask: padding(examples, S) });
        return beside(output, weights);
      },
      ...fixed,
    }),
  ];
});
