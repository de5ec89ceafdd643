// Scores by the place of a key: from the query alone, and from earlier weights.

import { Linear } from '../nn/linear.ts';
import { param } from '../nn/module.ts';
import { add, conv1d, linear, reshape, slice, uniform } from '../ops/index.ts';
import { anything, expectKey, expectOptions, expectSizes, isOneOf, isSize, isWhole, maybe, ruleOf } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { coverageSoFar, previousWeights, rememberedBy } from './history.ts';
import type { AttentionSizes, History } from './parts.ts';
import { AdditiveScore, isAttentionSizes, Score, type ScoreSizes } from './score.ts';

/**
 * `W q`, a score for each place, whatever its key (Luong, Pham, Manning 2015, §3.1, eq. 8, *location*). Query `[B, T, Q]` and weight
 * `[most, Q]` to `[B, T, keys]`, from the weight's first rows.
 */
export function locationScore(query: Tensor, weight: Tensor, keys: number): Tensor {
  expectSizes('locationScore', { keys }, isWhole(0));
  expectTensor('locationScore', 'weight', weight);
  const most = weight.shape[0] as number;
  if (keys > most) throw new RangeError(`locationScore: keys must be at most the weight's ${most} rows, got ${keys}`);
  return linear(query, slice(weight, 0, 0, keys));
}

/** {@link locationScore} with `weight` `[most, query]`, U(−1/√query, 1/√query): for sources of at most `most` items. */
export class LocationScore extends Score {
  readonly weight: Tensor;

  constructor(sizes: Partial<ScoreSizes> & { query: number; most: number }, key: Key) {
    super();
    expectOptions('LocationScore', sizes, { query: isSize, most: isSize, key: anything, hidden: anything });
    expectKey('LocationScore', key);
    const bound = 1 / Math.sqrt(sizes.query);
    this.weight = param(() => uniform(key, [sizes.most, sizes.query], { low: -bound, high: bound }));
  }

  override prepare(keys: Tensor): Tensor {
    expectTensor('LocationScore', 'keys', keys);
    return keys;
  }

  override score(query: Tensor, prepared: Tensor): Tensor {
    expectTensor('LocationScore', 'prepared', prepared);
    return locationScore(query, this.weight, prepared.shape[1] as number);
  }
}

/**
 * The features of earlier weights around each place (Chorowski et al. 2015, eq. 8, `f = F ∗ α`): weights `[B, S]` and filters `[F, 1, R]`,
 * R odd, to `[B, S, F]`, with zeros beyond both ends.
 */
export function locationFeatures(weights: Tensor, filters: Tensor): Tensor {
  expectTensor('locationFeatures', 'weights', weights);
  expectTensor('locationFeatures', 'filters', filters);
  if (weights.shape[1] === 0) return zeros([...weights.shape, filters.shape[0] as number]);
  return conv1d(reshape(weights, [...weights.shape, 1]), filters, undefined, { padding: 'same' });
}

/** Options of a {@link LocationAwareScore}, besides the widths of the additive score. */
export interface LocationAwareOptions {
  /** F, the number of filters. Default 10, as in the paper. */
  filters?: number | undefined;
  /** R, odd: the places that each filter covers. Default 15; the paper's 201 is for speech. */
  width?: number | undefined;
  /**
   * Which weights the filters see: those of the previous step, or the sum of all so far (as in Tacotron 2: Shen et al. 2018). Default
   * `previous`.
   */
  of?: 'previous' | 'sum' | undefined;
}

/** The name of its history, one of the two. */
export type SeenWeights = { readonly weights: Tensor; readonly coverage: Tensor };

/**
 * `vᵀ tanh(W q + V k + U f + b)` with {@link locationFeatures} f (Chorowski, Bahdanau, Serdyuk, Cho, Bengio 2015, eq. 9): the additive
 * score with the places of earlier weights as an input. `features` is U, `filters` `[F, 1, R]` is F.
 */
export class LocationAwareScore extends Score {
  readonly additive: AdditiveScore;
  readonly filters: Tensor;
  readonly features: Linear;
  override readonly history: History;
  private readonly of: keyof SeenWeights;

  constructor(sizes: AttentionSizes & LocationAwareOptions, key: Key) {
    super();
    expectOptions('LocationAwareScore', sizes, {
      ...isAttentionSizes,
      filters: maybe(isSize),
      width: maybe(
        ruleOf('an odd whole number from 1', (value) => Number.isInteger(value) && (value as number) > 0 && (value as number) % 2 === 1),
      ),
      of: maybe(isOneOf('previous', 'sum')),
    });
    expectKey('LocationAwareScore', key);
    const { query, key: keys, hidden, filters = 10, width = 15, of = 'previous' } = sizes;
    const [forAdditive, forFilters, forFeatures] = split(key, 3);
    const bound = 1 / Math.sqrt(width);
    this.additive = new AdditiveScore({ query, key: keys, hidden }, forAdditive);
    this.filters = param(() => uniform(forFilters, [filters, 1, width], { low: -bound, high: bound }));
    this.features = new Linear({ input: filters, output: hidden, bias: false }, forFeatures);
    this.of = of === 'sum' ? 'coverage' : 'weights';
    this.history = of === 'sum' ? coverageSoFar : previousWeights;
  }

  override prepare(keys: Tensor): Tensor {
    return this.additive.prepare(keys);
  }

  override score(query: Tensor, prepared: Tensor, state: SeenWeights): Tensor {
    expectTensor('LocationAwareScore', 'prepared', prepared);
    const seen = this.features.forward(locationFeatures(rememberedBy('LocationAwareScore', state, this.of), this.filters)); // [B, S, hidden]
    return this.additive.score(query, add(prepared, seen));
  }
}
