// Luong's local attention: a window around one place, which advances with the steps or is predicted.

import { Linear } from '../nn/linear.ts';
import { Module, param } from '../nn/module.ts';
import { exp, linear, minimum, mul, sigmoid, square, sub, sum, tanh, toFloat, uniform } from '../ops/index.ts';
import { anything, expectKey, expectOptions, isPositive, isSize } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectScores } from './given.ts';
import { placesOf, stepsSoFar } from './history.ts';
import type { Context, Window, Windowed } from './parts.ts';
import { bothMasks, near, offsets } from './window.ts';

/** The number of keys that may be attended to, `[B, 1 or T]`. */
function lengths({ mask }: Context, scores: Tensor): Tensor {
  return mask ? sum(toFloat(mask), { axis: -1 }) : full([1, 1], scores.shape[2] as number);
}

/**
 * The t-th query may look `size` keys to each side of the t-th key (Luong, Pham, Manning 2015, §3.2, *local-m*). Past the last real key, a
 * case that the paper leaves open, the window stays around that key. For masks of padding only: real keys must come first.
 */
export function localMonotonic(options: { size: number }): Window {
  expectOptions('localMonotonic', options, { size: isPositive });
  const { size } = options;
  return {
    history: stepsSoFar,
    limit(scores, context) {
      expectScores('localMonotonic', scores, context);
      const [, queries, keys] = scores.shape as [number, number, number];
      const places = minimum(toFloat(placesOf(context.state, 'steps', queries)), sub(lengths(context, scores), 1)); // [B, T]
      return { scores, mask: bothMasks(near(offsets(places, keys), size), context.mask) };
    },
  };
}

/**
 * `p = S · sigmoid(vᵀ tanh(W q))` (Luong et al. 2015, eq. 9): query `[B, T, Q]`, weight `[A, Q]`, v `[A]` and the number of keys S `[B, 1
 * or T]` to places `[B, T]` between 0 and S.
 */
export function predictedPlaces(query: Tensor, weight: Tensor, v: Tensor, keys: Tensor): Tensor {
  return mul(sigmoid(sum(mul(tanh(linear(query, weight)), v), { axis: -1 })), keys);
}

/** `exp(−(s − p)² / 2σ²)` with σ = size / 2 (Luong et al. 2015, eq. 10; their D is `size`), of offsets s − p. */
export function gaussianFactor(offset: Tensor, size: number): Tensor {
  isPositive('gaussianFactor', 'size', size);
  return exp(mul(square(offset), -2 / (size * size)));
}

/**
 * A window of `size` keys (the paper's D) to each side of a place predicted from the query. The weights are multiplied by a Gaussian around
 * that place and not normalised again (Luong et al. 2015, §3.2, *local-p*). Keys are counted from 0. `project` is W, `v` `[hidden]`.
 */
export class LocalPredictive extends Module implements Window {
  readonly project: Linear;
  readonly v: Tensor;
  readonly size: number;

  constructor(sizes: { query: number; hidden: number; size: number; key?: number }, key: Key) {
    super();
    expectOptions('LocalPredictive', sizes, { query: isSize, hidden: isSize, size: isPositive, key: anything });
    expectKey('LocalPredictive', key);
    const [forProject, forV] = split(key);
    this.project = new Linear({ input: sizes.query, output: sizes.hidden, bias: false }, forProject);
    const bound = 1 / Math.sqrt(sizes.hidden);
    this.v = param(() => uniform(forV, [sizes.hidden], { low: -bound, high: bound }));
    this.size = sizes.size;
  }

  limit(scores: Tensor, context: Context): Windowed {
    expectScores('LocalPredictive', scores, context);
    const places = predictedPlaces(context.query, this.project.weight, this.v, lengths(context, scores));
    const offset = offsets(places, scores.shape[2] as number);
    return { scores, mask: bothMasks(near(offset, this.size), context.mask), factor: gaussianFactor(offset, this.size) };
  }
}
