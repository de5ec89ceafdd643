// Learning from drawn choices: the score-function estimator, and baselines that reduce its variance.

import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { add, mean, mul, reshape, square, sub, sum, toFloat } from '../../ops/index.ts';
import { expectKey, expectNames, expectOptions, isNumber, isSize } from '../../tensor/check.ts';
import { detach } from '../../tensor/create.ts';
import type { Key } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';
import { isWithin, share } from '../optimizers/numbers.ts';
import { constantLike, counted, expectLike, isWeight } from './expect.ts';

/** Options of {@link reinforceLoss}. */
export interface ReinforceOptions {
  /**
   * The reward that is expected before anything is drawn: a number ({@link movingAverage}) or a tensor of a shape that the reward may have
   * ({@link LearnedBaseline}). It must not depend on the choice. Default 0.
   */
  baseline?: Tensor | number | undefined;
  /** The entropy of each choice's distribution, in the shape of the log-probabilities, in nats. */
  entropy?: Tensor | undefined;
  /** λ, the value of a nat of entropy relative to the reward. Default 0.01. */
  entropyWeight?: number | undefined;
  /** bool in the shape of the log-probabilities: true where a choice counts. */
  mask?: Tensor | undefined;
}

/**
 * The loss whose gradient is REINFORCE's: `−1/B Σ ((R − b) · ln p + λ H)` over all choices (Williams 1992, "Simple statistical
 * gradient-following algorithms"; with the entropy H as in Xu et al. 2015, "Show, attend and tell", §4.1). `logProbability` is that of the
 * choices drawn, `[B]` or `[B, T]`; `reward` is `[B]` for all choices of an example, or one per choice. In the mean over draws, its
 * gradient is that of `−E[R]`, whatever the baseline. Only the log-probabilities and the entropy get gradients. The value of the loss has
 * no meaning.
 */
export function reinforceLoss(logProbability: Tensor, reward: Tensor, options: ReinforceOptions = {}): Tensor {
  expectNames('reinforceLoss', options, { baseline: 0, entropy: 0, entropyWeight: 0, mask: 0 });
  const { baseline = 0, entropy, entropyWeight = 0.01, mask } = options;
  expectDType('reinforceLoss', 'logProbability', logProbability, 'float32');
  const { shape } = logProbability;
  const [batch] = shape;
  if (!batch) throw new RangeError(`reinforceLoss: logProbability must be [B, …] of at least one example, got ${show(shape)}`);
  isWeight('reinforceLoss', 'entropyWeight', entropyWeight);
  if (typeof baseline === 'number') isNumber('reinforceLoss', 'baseline', baseline);
  if (entropy) expectLike('reinforceLoss', 'entropy', entropy, shape);
  if (mask) expectLike('reinforceLoss', 'mask', mask, shape, 'bool');
  const seen = counted(mask);
  const given = constantLike('reinforceLoss', 'reward', reward, logProbability);
  const expected = typeof baseline === 'number' ? baseline : constantLike('reinforceLoss', 'baseline', baseline, logProbability);
  const chosen = mul(seen(logProbability), seen(sub(given, expected)));
  return mul(sum(entropy ? add(chosen, mul(seen(entropy), entropyWeight)) : chosen), -1 / batch);
}

/** The state of {@link movingAverage}: plain numbers, for checkpoints. */
export interface MovingAverage {
  /** The mean so far: the baseline of the next draw. */
  readonly value: number;
  /** The total weight of the rewards in it: 1 − decayⁿ after n rewards. */
  readonly weight: number;
}

/**
 * The weighted mean of the rewards so far; a reward of k draws ago has weight `decayᵏ`: `b ← 0.9 b + 0.1 R` (Xu et al. 2015, §4.1),
 * corrected like Adam's moments, so that the first reward is the first mean. Update it after computing the loss of the draw: a baseline
 * that knows the draw is biased. Start from `{ value: 0, weight: 0 }`. The mean of no reward is 0.
 */
export function movingAverage(state: MovingAverage, reward: number, options: { decay?: number | undefined } = {}): MovingAverage {
  expectOptions('movingAverage', options, { decay: share });
  isNumber('movingAverage', 'state.value', state?.value);
  isWithin(0)('movingAverage', 'state.weight', state.weight);
  isNumber('movingAverage', 'reward', reward);
  const { decay = 0.9 } = options;
  const weight = decay * state.weight + (1 - decay);
  return { value: state.value + ((1 - decay) / weight) * (reward - state.value), weight };
}

/**
 * A linear map from features known before the choice to the expected reward (Mnih et al. 2014, "Recurrent models of visual attention",
 * §3.1). `features` `[…, D]` give `[…]` and get no gradient: the baseline's error does not train the model that makes them.
 */
export class LearnedBaseline extends Module {
  readonly linear: Linear;

  constructor(sizes: { input: number }, key: Key) {
    expectOptions('LearnedBaseline', sizes, { input: isSize });
    expectKey('LearnedBaseline', key);
    super();
    this.linear = new Linear({ input: sizes.input, output: 1 }, key);
  }

  /** Maps features `[…, I]` to the expected reward `[…]`. */
  forward(features: Tensor): Tensor {
    return reshape(this.linear.forward(detach(features)), features.shape.slice(0, -1));
  }
}

/**
 * The loss of a learned baseline: the mean of `(b − R)²`; the axes of `reward` lead those of `baseline`. `mask` (bool) selects what counts.
 */
export function baselineLoss(baseline: Tensor, reward: Tensor, options: { mask?: Tensor | undefined } = {}): Tensor {
  expectNames('baselineLoss', options, { mask: 0 });
  const { mask } = options;
  expectDType('baselineLoss', 'baseline', baseline, 'float32');
  if (mask) expectLike('baselineLoss', 'mask', mask, baseline.shape, 'bool');
  const errors = square(counted(mask)(sub(baseline, constantLike('baselineLoss', 'reward', reward, baseline))));
  if (!mask) return mean(errors);
  return mul(sum(errors), 1 / Math.max(1, sum(toFloat(mask)).item()));
}
