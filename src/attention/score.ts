// How well a query matches a key: pure functions, and the modules that hold their parameters.

import { Linear } from '../nn/linear.ts';
import { Module, param } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { additiveScore, linear, matmul, mul, softcap, uniform } from '../ops/index.ts';
import { anything, expectKey, expectOptions, isFlag, isNumber, isPositive, isSize, maybe, type Rules } from '../tensor/check.ts';
import { type Key, split } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import type { AttentionSizes, History } from './parts.ts';

/** The widths of a score without a hidden layer. */
export type ScoreSizes = Pick<AttentionSizes, 'query' | 'key'> & Partial<AttentionSizes>;

/** The rules of widths. */
export const isScoreSizes: Rules<ScoreSizes> = { query: isSize, key: isSize, hidden: anything };

/** The same for optional ones. */
export const isAttentionSizes: Rules<AttentionSizes> = { query: isSize, key: isSize, hidden: isSize };

function checkWidths(op: string, query: Tensor, keys: Tensor): void {
  expectTensor(op, 'query', query);
  expectTensor(op, 'keys', keys);
  const fits = query.rank === 3 && keys.rank === 3 && query.shape[0] === keys.shape[0] && query.shape[2] === keys.shape[2];
  if (!fits)
    throw new RangeError(`${op}: query and keys must be [B, T, D] and [B, S, D], got ${show(query.shape)} and ${show(keys.shape)}`);
}

/** `qᵀ k` (Luong, Pham, Manning 2015, §3.1, *dot*). Query `[B, T, D]`, keys `[B, S, D]` to `[B, T, S]`. */
export function dotScore(query: Tensor, keys: Tensor): Tensor {
  checkWidths('dotScore', query, keys);
  return matmul(query, keys, { transposeB: true });
}

/** `qᵀ k / √D` (Vaswani et al. 2017, §3.2.1). Query `[B, T, D]`, keys `[B, S, D]` to `[B, T, S]`. */
export function scaledDotScore(query: Tensor, keys: Tensor): Tensor {
  checkWidths('scaledDotScore', query, keys);
  return mul(dotScore(query, keys), 1 / Math.sqrt(query.shape[2] as number));
}

/** `qᵀ W k` (Luong et al. 2015, §3.1, *general*). Query `[B, T, Q]`, keys `[B, S, K]`, weight `[Q, K]` to `[B, T, S]`. */
export function generalScore(query: Tensor, keys: Tensor, weight: Tensor): Tensor {
  return dotScore(query, linear(keys, weight));
}

/**
 * A score with its parameters. `prepare` does everything that does not depend on the query, once; `score` does the rest and may read the
 * state of the step form (the previous weights).
 */
export abstract class Score extends Module {
  declare readonly history?: History;
  /**
   * `dot`: scores are the products of queries with what `prepare` gives, of the same width, times `scale`; `scaledDot` divides by the square
   * root of that width.
   */
  declare readonly kind?: 'dot' | 'scaledDot';
  /** Factor of scores of the kind `dot`. Default 1. */
  declare readonly scale?: number | undefined;
  /** c of `c · tanh(score / c)`, which takes the place of scores of either kind. Default none. */
  declare readonly softcap?: number | undefined;
  /** Converts keys `[B, S, K]` to the form that `score` takes. */
  abstract prepare(keys: Tensor): Tensor;
  /** Scores `[B, T, S]` of queries `[B, T, Q]`. */
  abstract score(query: Tensor, prepared: Tensor, state: State): Tensor;
}

/** Options of a {@link DotScore}. */
export interface DotScoreOptions {
  /** Divides by √D. Default false. */
  scaled?: boolean | undefined;
  /** Multiplies by a number, in place of `scaled`. */
  scale?: number | undefined;
  /** c of `c · tanh(score / c)`, which keeps scores between −c and c (Gemma 2: 50). Default none. */
  softcap?: number | undefined;
}

/** {@link dotScore}, scaled and capped as the options say. No parameters: queries and keys have one width. */
export class DotScore extends Score {
  readonly scaled: boolean;
  override readonly kind: 'dot' | 'scaledDot';
  override readonly scale: number | undefined;
  override readonly softcap: number | undefined;

  constructor(options: DotScoreOptions = {}) {
    super();
    expectOptions('DotScore', options, { scaled: maybe(isFlag), scale: maybe(isNumber), softcap: maybe(isPositive) });
    const { scaled = false, scale } = options;
    if (scaled && scale !== undefined) throw new RangeError(`DotScore: scale must be left out where it is scaled, got ${scale}`);
    this.scaled = scaled;
    this.kind = scaled ? 'scaledDot' : 'dot';
    this.scale = scale;
    this.softcap = options.softcap;
  }

  override prepare(keys: Tensor): Tensor {
    expectTensor('DotScore', 'keys', keys);
    return keys;
  }

  override score(query: Tensor, prepared: Tensor): Tensor {
    const products = this.scaled ? scaledDotScore(query, prepared) : dotScore(query, prepared);
    const scores = this.scale === undefined ? products : mul(products, this.scale);
    return this.softcap ? softcap(scores, this.softcap) : scores;
  }
}

/** {@link generalScore} with `weight` `[query, key]`, U(−1/√key, 1/√key). */
export class GeneralScore extends Score {
  readonly weight: Tensor;
  override readonly kind = 'dot';

  constructor(sizes: ScoreSizes, key: Key) {
    super();
    expectOptions('GeneralScore', sizes, isScoreSizes);
    expectKey('GeneralScore', key);
    const bound = 1 / Math.sqrt(sizes.key);
    this.weight = param(() => uniform(key, [sizes.query, sizes.key], { low: -bound, high: bound }));
  }

  override prepare(keys: Tensor): Tensor {
    return linear(keys, this.weight);
  }

  override score(query: Tensor, prepared: Tensor): Tensor {
    return dotScore(query, prepared);
  }
}

/**
 * `vᵀ tanh(W q + U k + b)` (Bahdanau et al. 2015, A.1.2: Wₐ, Uₐ, vₐ; Luong's *concat* with the matrix split in two). `query` is W,
 * `key` is U with the bias, `v` `[hidden]`.
 */
export class AdditiveScore extends Score {
  readonly query: Linear;
  readonly key: Linear;
  readonly v: Tensor;

  constructor(sizes: AttentionSizes, key: Key) {
    super();
    expectOptions('AdditiveScore', sizes, isAttentionSizes);
    expectKey('AdditiveScore', key);
    const [forQuery, forKey, forV] = split(key, 3);
    this.query = new Linear({ input: sizes.query, output: sizes.hidden, bias: false }, forQuery);
    this.key = new Linear({ input: sizes.key, output: sizes.hidden }, forKey);
    const bound = 1 / Math.sqrt(sizes.hidden);
    this.v = param(() => uniform(forV, [sizes.hidden], { low: -bound, high: bound }));
  }

  override prepare(keys: Tensor): Tensor {
    return this.key.forward(keys);
  }

  override score(query: Tensor, prepared: Tensor): Tensor {
    return additiveScore(this.query.forward(query), prepared, this.v);
  }
}

/** The scores by the papers' names. */
export type ScoreName = 'dot' | 'scaledDot' | 'general' | 'additive';

/** Builds a score by name. `hidden` is the additive score's width; the dot scores need queries and keys of one width. */
export function scoreNamed(name: ScoreName, sizes: AttentionSizes, key: Key): Score {
  switch (name) {
    case 'additive':
      return new AdditiveScore(sizes, key);
    case 'general':
      return new GeneralScore(sizes, key);
    case 'dot':
    case 'scaledDot':
      expectOptions(name, sizes, isScoreSizes);
      if (sizes.query !== sizes.key)
        throw new RangeError(`${name}: query and key must be of one width, got ${sizes.query} and ${sizes.key}`);
      return new DotScore({ scaled: name === 'scaledDot' });
    default:
      throw new RangeError(`score: must be dot, scaledDot, general or additive, got ${String(name)}`);
  }
}
