import { mul, reshape, square, sub, sum, toFloat } from '../../ops/index.ts';
import { anything, expectOptions, isNumber, maybe, type Rules } from '../../tensor/check.ts';
import { sameShape, show } from '../../tensor/shape.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';

/** Options of {@link doublyStochasticLoss}. */
export interface DoublyStochasticOptions {
  /** bool `[B, T]`: true where a word is real. Default: all are. */
  mask?: Tensor | undefined;
  /** τ, what the weights of a cell should add up to. Default 1, as in the paper; with T words and L cells T / L is what they have. */
  total?: number | undefined;
}

const rules: Rules<DoublyStochasticOptions> = { mask: anything, total: /* @__PURE__ */ maybe(isNumber) };

/**
 * `Σᵢ (τ − Σₜ αₜᵢ)²`, its mean over examples (Xu et al. 2015, §4.2.1, eq. 14, "doubly stochastic attention"): each cell should be looked at as much as
 * any other over a whole caption. `weights` `[B, T, L]`.
 */
export function doublyStochasticLoss(weights: Tensor, options: DoublyStochasticOptions = {}): Tensor {
  expectOptions('doublyStochasticLoss', options, rules);
  expectDType('doublyStochasticLoss', 'weights', weights, 'float32');
  const { mask, total = 1 } = options;
  const [batch = 0, words = 0] = weights.shape;
  if (weights.rank !== 3 || batch === 0)
    throw new RangeError(`doublyStochasticLoss: weights must be [B, T, L] with B from 1, got ${show(weights.shape)}`);
  if (mask) expectDType('doublyStochasticLoss', 'mask', mask, 'bool');
  if (mask && !sameShape(mask.shape, [batch, words]))
    throw new RangeError(`doublyStochasticLoss: mask must be [${batch}, ${words}], got ${show(mask.shape)}`);
  const counted = mask ? mul(weights, reshape(toFloat(mask), [batch, words, 1])) : weights;
  return mul(sum(square(sub(total, sum(counted, { axis: 1 })))), 1 / batch);
}
