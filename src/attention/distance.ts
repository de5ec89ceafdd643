// Windows that add to a score what goes by distance, without a table of queries and keys.

import { Module, param } from '../nn/module.ts';
import { type DistanceBucketOptions, distanceBuckets } from '../nn/positions/distance-buckets.ts';
import type { State } from '../nn/state.ts';
import { sumsByDistance } from '../ops/distance.ts';
import { gather, matmul, mul, normal, reshape, sub, transpose } from '../ops/index.ts';
import { viewed } from '../ops/view.ts';
import { expectKey, expectOptions, isFlag, isNumber, isSize, isWhole, maybe, type Rules } from '../tensor/check.ts';
import { arange, tensor } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import { expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';
import { placeOfQuery, placesOf } from './history.ts';
import type { Beside, Context, Places, Window, Windowed } from './parts.ts';
import { positional } from './window.ts';

/**
 * ALiBi: `−m |s − p|` is added to the score of key s and a query at position p, m for each head (Press, Smith, Lewis 2022, "Train short, test long";
 * theirs is causal, where it is `m (s − p)`). `slopes` `[H]` are `alibiSlopes(heads)`, or numbers, or a parameter.
 */
export function alibi(slopes: Tensor | readonly number[]): Window & { readonly slopes: Tensor } {
  const all = slopes instanceof Tensor ? slopes : tensor(slopes);
  expectTensor('alibi', 'slopes', all);
  expectDType('alibi', 'slopes', all, 'float32');
  if (all.rank !== 1) throw new RangeError(`alibi: slopes must be [H], got ${show(all.shape)}`);
  const places: Window['places'] = (_, __, heads) => {
    if (all.size !== heads) throw new RangeError(`alibi: slopes must be one for each of ${heads} heads, got ${all.size}`);
    return { slopes: reshape(all, [heads, 1, 1]) };
  };
  return { ...positional(places, { history: placeOfQuery }), slopes: all };
}

/** Options of a {@link DistanceBias}. */
export interface DistanceBiasOptions extends DistanceBucketOptions {
  /** H. */
  heads: number;
}

const biasRules: Rules<DistanceBiasOptions> = {
  heads: isSize,
  buckets: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(2)),
  distance: /* @__PURE__ */ maybe(isSize),
  bidirectional: /* @__PURE__ */ maybe(isFlag),
};

/**
 * T5's bias: to the score of key s and a query at position p comes what is learned for their distance's bucket and the head, `b[bucket(s − p), h]`
 * (Raffel et al. 2020, §2.1). One object is to serve all layers, as T5's first layer's does. `weight` `[buckets, H]` starts at N(0, 1).
 */
export class DistanceBias extends Module implements Window {
  readonly weight: Tensor; // [buckets, H]
  readonly history: NonNullable<Window['history']> = placeOfQuery;
  readonly limit: Window['limit'];
  readonly places: NonNullable<Window['places']>;

  constructor(options: DistanceBiasOptions, key: Key) {
    super();
    expectOptions('DistanceBias', options, biasRules);
    expectKey('DistanceBias', key);
    const { heads, buckets = 32, ...rest } = options;
    const table = distanceBuckets({ buckets, ...rest }).toArray();
    const zero = (table.length - 1) / 2;
    this.weight = param(() => normal(key, [buckets, heads]));
    this.places = (_, __, all) => {
      if (all !== heads) throw new RangeError(`DistanceBias: heads must be the ${heads} it is made for, got ${all}`);
      const rows = gather(this.weight, tensor(table, { dtype: 'int32' })); // [L, H]
      return { distance: { bias: reshape(transpose(rows), [heads, 1, table.length]), zero } };
    };
    this.limit = positional(this.places, { history: placeOfQuery }).limit;
  }
}

/** Options of {@link RelativePositions}. */
export interface RelativePositionOptions {
  /** D, the width of a head. */
  size: number;
  /** k: of keys farther than so many positions all are alike. */
  reach: number;
  /** Whether values have positions too. Default true. */
  values?: boolean | undefined;
  /** What scores are multiplied by, if it is not 1 / √D. */
  scale?: number | undefined;
}

const relativeRules: Rules<RelativePositionOptions> = {
  size: isSize,
  reach: isSize,
  values: /* @__PURE__ */ maybe(isFlag),
  scale: /* @__PURE__ */ maybe(isNumber),
};

/**
 * Relative positions of keys and values, learned and the same for all heads: with r the distance s − p, clipped to k either way, a score is
 * `q · (kₛ + aᴷᵣ) / √D` and what is read `Σ αₛ (vₛ + aⱽᵣ)` (Shaw, Uszkoreit, Vaswani 2018, eq. 3–4). The products with aᴷ are `[T, 2k + 1]`, and the
 * weights are added up by distance before they meet aⱽ: nothing of size T · S · D is made. `keys` and `values` `[2k + 1, D]` start at
 * N(0, 1/D).
 */
export class RelativePositions extends Module implements Window {
  readonly keys: Tensor; // [2k + 1, D]
  readonly values: Tensor | null; // [2k + 1, D]
  readonly history: NonNullable<Window['history']> = placeOfQuery;
  readonly reach: number;
  private readonly scale: number;

  constructor(options: RelativePositionOptions, key: Key) {
    super();
    expectOptions('RelativePositions', options, relativeRules);
    expectKey('RelativePositions', key);
    const { size, reach, values = true, scale = 1 / Math.sqrt(size) } = options;
    const [forKeys, forValues] = split(key, 2);
    const table = (from: Key) => param(() => normal(from, [2 * reach + 1, size], { std: 1 / Math.sqrt(size) }));
    this.keys = table(forKeys);
    this.values = values ? table(forValues) : null;
    this.reach = reach;
    this.scale = scale;
  }

  limit(scores: Tensor, context: Context): Windowed {
    return positional((...given) => this.places(...given), { history: placeOfQuery }).limit(scores, context);
  }

  places(...[, , , , query]: Parameters<NonNullable<Window['places']>>): Places {
    if (!query) throw new Error('RelativePositions: places must be told of the queries; got none');
    return { distance: { bias: mul(matmul(query, this.keys, { transposeB: true }), this.scale), zero: this.reach } }; // [B, H, T, 2k + 1]
  }

  get beside(): Beside | undefined {
    const { values: table, reach: zero } = this;
    return table ? { table, zero, read: (weights, state) => matmul(sumsOf(weights, state, table, zero), table) } : undefined;
  }
}

/** Weights `[B, T, S]` added up by distance: `[B, T, L]`. */
function sumsOf(weights: Tensor, state: State, table: Tensor, zero: number): Tensor {
  const [batch, queries, keys] = weights.shape as [number, number, number];
  const far = sub(arange(keys), viewed(placesOf(state, 'place', queries), [batch, queries, 1])); // [B, T, S]
  return sumsByDistance(weights, far, zero, table.shape[0] as number);
}
