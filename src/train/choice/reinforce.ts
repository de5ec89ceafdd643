// Learning what was chosen by drawing: the score-function estimator, and what makes its variance small.

import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { add, mean, mul, reshape, square, sub, sum, toFloat, where } from '../../ops/index.ts';
import { expectKey, expectNames, expectOptions, isSize } from '../../tensor/check.ts';
import { detach } from '../../tensor/create.ts';
import type { Key } from '../../tensor/random.ts';
import { sameShape, show } from '../../tensor/shape.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';
import { share } from '../optimizers/numbers.ts';

/** Options of {@link reinforceLoss}. */
export interface ReinforceOptions {
  /**
   * What is expected of the reward, before anything is drawn: a number ({@link movingAverage}) or a tensor of a shape that the reward may have
   * ({@link LearnedBaseline}). It may not depend on the choice. Default 0.
   */
  baseline?: Tensor | number | undefined;
  /** Of what was chosen from, of the shape of the log-probabilities, in nats. */
  entropy?: Tensor | undefined;
  /** What a nat of entropy is worth beside the reward. Default 0.01. */
  entropyWeight?: number | undefined;
  /** bool of the shape of the log-probabilities: true where a choice counts. */
  mask?: Tensor | undefined;
}

/** `x` of leading axes of `shape`, with axes of 1 for the others; without a gradient. */
function constantLike(op: string, name: string, x: Tensor, { shape }: Tensor): Tensor {
  expectDType(op, name, x, 'float32');
  if (!sameShape(x.shape, shape.slice(0, x.rank))) {
    throw new RangeError(`${op}: ${name} must have leading axes of ${show(shape)}, got ${show(x.shape)}`);
  }
  return reshape(detach(x), [...x.shape, ...shape.slice(x.rank).map(() => 1)]);
}

/**
 * The loss whose gradient is REINFORCE's: `−1/B Σ ((R − b) · ln p + λ H)` over all choices (Williams 1992, "Simple statistical gradient-following
 * algorithms"; with the entropy H as in Xu et al. 2015, "Show, attend and tell", §4.1). `logProbability` is that of the choices drawn, `[B]` or
 * `[B, T]`; `reward` `[B]` for all choices of an example, or one for each. Its mean over draws is the gradient of `−E[R]`, whatever the baseline.
 * Only the log-probabilities and the entropy get gradients. Its value means nothing.
 */
export function reinforceLoss(logProbability: Tensor, reward: Tensor, options: ReinforceOptions = {}): Tensor {
  expectNames('reinforceLoss', options, { baseline: 0, entropy: 0, entropyWeight: 0, mask: 0 });
  const { baseline = 0, entropy, entropyWeight = 0.01, mask } = options;
  const [batch] = logProbability.shape;
  if (!batch)
    throw new RangeError(`reinforceLoss: logProbability must be [B, …] of at least one example, got ${show(logProbability.shape)}`);
  const given = constantLike('reinforceLoss', 'reward', reward, logProbability);
  const expected = typeof baseline === 'number' ? baseline : constantLike('reinforceLoss', 'baseline', baseline, logProbability);
  let terms = mul(logProbability, sub(given, expected));
  if (entropy) {
    if (!sameShape(entropy.shape, terms.shape)) {
      throw new RangeError(`reinforceLoss: entropy must be ${show(terms.shape)}, got ${show(entropy.shape)}`);
    }
    terms = add(terms, mul(entropy, entropyWeight));
  }
  return mul(sum(mask ? where(mask, terms, 0) : terms), -1 / batch);
}

/** What {@link movingAverage} goes on from: plain numbers, for checkpoints. */
export interface MovingAverage {
  /** The mean so far: the baseline of the next draw. */
  readonly value: number;
  /** How much of it was seen: 1 − decayⁿ after n rewards. */
  readonly weight: number;
}

/**
 * The mean of the rewards so far, those of k draws ago weighing `decayᵏ`: `b ← 0.9 b + 0.1 R` (Xu et al. 2015, §4.1), and corrected like Adam's
 * moments, so that the first reward is the first mean. Give the reward after the loss of its own draw was made: a baseline that knows the
 * draw is biased. From `{ value: 0, weight: 0 }`. A mean of no reward is 0.
 */
export function movingAverage(state: MovingAverage, reward: number, options: { decay?: number | undefined } = {}): MovingAverage {
  expectOptions('movingAverage', options, { decay: share });
  const { decay = 0.9 } = options;
  const weight = decay * state.weight + (1 - decay);
  return { value: state.value + ((1 - decay) / weight) * (reward - state.value), weight };
}

/**
 * A linear map from what is known before the choice to the reward expected of it (Mnih et al. 2014, "Recurrent models of visual attention", §3.1).
 * `features` `[…, D]` give `[…]` and get no gradient: what the baseline gets wrong does not train what it looks at.
 */
export class LearnedBaseline extends Module {
  readonly linear: Linear;

  constructor(sizes: { input: number }, key: Key) {
    expectOptions('LearnedBaseline', sizes, { input: isSize });
    expectKey('LearnedBaseline', key);
    super();
    this.linear = new Linear({ input: sizes.input, output: 1 }, key);
  }

  /** Features `[…, I]` to the reward expected `[…]`. */
  forward(features: Tensor): Tensor {
    return reshape(this.linear.forward(detach(features)), features.shape.slice(0, -1));
  }
}

/** What a learned baseline is taught by: the mean of `(b − R)²`; `reward` has leading axes of `baseline`. Over what `mask` (bool) counts, if given. */
export function baselineLoss(baseline: Tensor, reward: Tensor, options: { mask?: Tensor | undefined } = {}): Tensor {
  expectNames('baselineLoss', options, { mask: 0 });
  const { mask } = options;
  const errors = square(sub(baseline, constantLike('baselineLoss', 'reward', reward, baseline)));
  if (!mask) return mean(errors);
  expectDType('baselineLoss', 'mask', mask, 'bool');
  const count = sum(toFloat(mask)).item();
  return mul(sum(where(mask, errors, 0)), 1 / Math.max(1, count));
}
