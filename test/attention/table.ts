// Rows of the attention tests: every score with its formula. Mechanisms are in mechanisms.ts.
import { CosineScore, DistanceScore } from '../../src/attention/content.ts';
import { LocationAwareScore, LocationScore } from '../../src/attention/location.ts';
import { MonotonicScore } from '../../src/attention/monotonic.ts';
import type { AttentionSizes } from '../../src/attention/parts.ts';
import { AdditiveScore, DotScore, GeneralScore, type Score } from '../../src/attention/score.ts';
import type { State } from '../../src/nn/state.ts';
import type { Key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { padding, real } from '../nn/row.ts';

/** A parameter's elements by path. */
export type Weights = (path: string) => { at: (i: number, j?: number) => number; rows: number; columns: number };

/** What a formula may use besides one query and one key. */
export interface Place {
  /** The key's place. */
  s: number;
  /** Weights of earlier steps, if the score uses them. */
  seen: readonly number[];
}

export interface ScoreRow {
  build(sizes: AttentionSizes, key: Key): Score;
  /** The score of one query and one key in plain TypeScript, from the paper. */
  formula(query: readonly number[], key: readonly number[], weights: Weights, place: Place): number;
  /** Whether queries and keys must have one width. */
  square?: true;
  /** The state it reads, by name; then queries come one at a time. */
  reads?: 'weights' | 'coverage';
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const norm = (a: readonly number[]) => Math.sqrt(dot(a, a) + 1e-12);
const mapped = (x: readonly number[], weights: Weights, path: string) => {
  const [w, b] = [weights(`${path}.weight`), weights(`${path}.bias`)];
  return Array.from({ length: w.rows }, (_, i) => x.reduce((sum, value, j) => sum + value * w.at(i, j), b.at(i)));
};

const additive =
  (prefix = '', extra: (weights: Weights, place: Place, h: number) => number = () => 0): ScoreRow['formula'] =>
  (q, k, weights, place) => {
    const [w, u, b, v] = ['query.weight', 'key.weight', 'key.bias', 'v'].map((path) => weights(prefix + path)) as [
      ReturnType<Weights>,
      ReturnType<Weights>,
      ReturnType<Weights>,
      ReturnType<Weights>,
    ];
    let sum = 0;
    for (let h = 0; h < v.rows; h++) {
      const from = (x: readonly number[], m: typeof w) => x.reduce((inner, value, i) => inner + m.at(h, i) * value, 0);
      sum += v.at(h) * Math.tanh(from(q, w) + from(k, u) + b.at(h) + extra(weights, place, h));
    }
    return sum;
  };

/** U f at hidden unit h, where f is the convolution of the seen weights around place s. */
const features = (weights: Weights, { s, seen }: Place, h: number) => {
  const [filters, u] = [weights('filters'), weights('features.weight')];
  let sum = 0;
  for (let c = 0; c < filters.rows; c++) {
    let f = 0;
    for (let k = 0; k < filters.columns; k++) f += filters.at(c, k) * (seen[s + k - (filters.columns - 1) / 2] ?? 0);
    sum += u.at(h, c) * f;
  }
  return sum;
};

/** Every score by name. */
export const scores: Record<string, ScoreRow> = {
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
  additive: { build: (sizes, from) => new AdditiveScore(sizes, from), formula: additive() },
  location: {
    build: (sizes, from) => new LocationScore({ ...sizes, most: 13 }, from),
    formula: (q, _, weights, { s }) => q.reduce((sum, x, j) => sum + x * weights('weight').at(s, j), 0),
  },
  locationAware: {
    build: (sizes, from) => new LocationAwareScore({ ...sizes, filters: 2, width: 5 }, from),
    formula: additive('additive.', features),
    reads: 'weights',
  },
  locationAwareOfSum: {
    build: (sizes, from) => new LocationAwareScore({ ...sizes, filters: 3, width: 3, of: 'sum' }, from),
    formula: additive('additive.', features),
    reads: 'coverage',
  },
  cosine: {
    build: (sizes, from) => new CosineScore(sizes, from),
    formula: (q, k, weights) => {
      const wanted = mapped(q, weights, 'key');
      const sharpness = Math.log1p(Math.exp(mapped(q, weights, 'sharpness')[0] as number));
      return (sharpness * dot(wanted, k)) / (norm(wanted) * norm(k));
    },
  },
  distance: {
    build: (sizes, from) => new DistanceScore(sizes, from),
    formula: (q, k, weights) => -mapped(q, weights, 'query').reduce((sum, x, i) => sum + (x - (k[i] as number)) ** 2, 0),
  },
  monotonic: {
    build: (sizes, from) => new MonotonicScore({ ...sizes, offset: -0.4 }, from),
    formula: (q, k, weights, place) => {
      const v = weights('additive.v');
      const length = Math.sqrt(Array.from({ length: v.rows }, (_, i) => v.at(i) ** 2).reduce((a, b) => a + b));
      return (weights('gain').at(0) * additive('additive.')(q, k, weights, place)) / length + weights('offset').at(0);
    },
  },
};

/** Lengths of the tests: examples, queries, keys, widths of keys and of values. */
export const [B, T, S, K, V] = [4, 3, 7, 5, 4];
export const BATCH = [0, 1, 2, 3];
export const named = Object.entries(scores);
export const widths = (row: { square?: true }) => ({ query: row.square ? K : 6, key: K, hidden: 9 });

/** Queries, keys and values for a score. */
export const inputs = (row: { square?: true }, examples: readonly number[] = BATCH): [Tensor, Tensor, Tensor] => [
  real(examples, [T, widths(row).query], 1),
  real(examples, [S, K], 2),
  real(examples, [S, V], 3),
];

/** Earlier weights as a score's state. */
export const seenBy = (row: ScoreRow, examples: readonly number[] = BATCH): State =>
  row.reads ? { [row.reads]: real(examples, [S], 5) } : {};

/** A mask of padding. */
export const padded = (examples: readonly number[] = BATCH) => padding(examples, S);
