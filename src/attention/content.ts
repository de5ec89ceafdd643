// Scores by similarity: the angle between a query and a key, and their distance.

import { Linear } from '../nn/linear.ts';
import { add, div, matmul, mul, softplus, sqrt, square, sub, sum, transpose } from '../ops/index.ts';
import { expectKey, expectOptions } from '../tensor/check.ts';
import { type Key, split } from '../tensor/random.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { dotScore, isScoreSizes, Score, type ScoreSizes } from './score.ts';

/** Keeps the division defined for zero vectors. */
const EPSILON = 1e-12;

/** `x / √(Σ x² + 1e-12)` along the last axis: the direction of a vector, and 0 for a zero vector. */
export function direction(x: Tensor): Tensor {
  return div(x, sqrt(add(sum(square(x), { axis: -1, keepDims: true }), EPSILON)));
}

/**
 * `β · cos(q, k)` (Graves, Wayne, Danihelka 2014, §3.3.1, eq. 5–6: content-based addressing, β its key strength). Query `[B, T, D]`, keys
 * `[B, S, D]` and `sharpness` `[B, T, 1]`, 1 by default, to `[B, T, S]`.
 */
export function cosineScore(query: Tensor, keys: Tensor, sharpness?: Tensor): Tensor {
  const cosine = dotScore(direction(query), direction(keys));
  return sharpness ? mul(cosine, sharpness) : cosine;
}

/**
 * {@link cosineScore} as a controller uses it: linear maps of the query give the key to look for, `key`, and the sharpness, `β =
 * softplus(sharpness(q))`.
 */
export class CosineScore extends Score {
  readonly key: Linear;
  readonly sharpness: Linear;

  constructor(sizes: ScoreSizes, key: Key) {
    super();
    expectOptions('CosineScore', sizes, isScoreSizes);
    expectKey('CosineScore', key);
    const [forKey, forSharpness] = split(key);
    this.key = new Linear({ input: sizes.query, output: sizes.key }, forKey);
    this.sharpness = new Linear({ input: sizes.query, output: 1 }, forSharpness);
  }

  override prepare(keys: Tensor): Tensor {
    return direction(keys);
  }

  override score(query: Tensor, prepared: Tensor): Tensor {
    return mul(dotScore(direction(this.key.forward(query)), prepared), softplus(this.sharpness.forward(query)));
  }
}

/** `−‖q − k‖²`: the nearest key scores highest. Query `[B, T, D]`, keys `[B, S, D]` to `[B, T, S]`, computed as `2 qᵀk − ‖q‖² − ‖k‖²`. */
export function distanceScore(query: Tensor, keys: Tensor): Tensor {
  const squares = (x: Tensor) => sum(square(x), { axis: -1, keepDims: true });
  const twice = mul(matmul(query, keys, { transposeB: true }), 2);
  return sub(sub(twice, squares(query)), transpose(squares(keys)));
}

/** {@link distanceScore} of a linear map of the query, `query`, into the space of the keys. */
export class DistanceScore extends Score {
  readonly query: Linear;

  constructor(sizes: ScoreSizes, key: Key) {
    super();
    expectOptions('DistanceScore', sizes, isScoreSizes);
    expectKey('DistanceScore', key);
    this.query = new Linear({ input: sizes.query, output: sizes.key }, key);
  }

  override prepare(keys: Tensor): Tensor {
    expectTensor('DistanceScore', 'keys', keys);
    return keys;
  }

  override score(query: Tensor, prepared: Tensor): Tensor {
    return distanceScore(this.query.forward(query), prepared);
  }
}
