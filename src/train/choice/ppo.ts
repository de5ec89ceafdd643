// Proximal policy optimisation, and the advantages that it learns from.

import { noGrad } from '../../autograd/record.ts';
import { allFinite } from '../../ops/finite.ts';
import {
  add,
  clamp,
  div,
  exp,
  linearScan,
  mean,
  minimum,
  mul,
  place,
  reshape,
  select,
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  toFloat,
  where,
} from '../../ops/index.ts';
import { expectNames, type Names } from '../../tensor/check.ts';
import { detach, full } from '../../tensor/create.ts';
import { show } from '../../tensor/shape.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';
import { counted, expectLike, isFraction, isWeight } from './expect.ts';

/** Options of {@link rewardToGo}. */
export interface RewardOptions {
  /** γ, the value of a reward one step later. Default 0.99. */
  discount?: number | undefined;
  /** bool `[B, T]`: true at the last step of an episode, after which nothing counts. The end of the axis is one in any case. */
  done?: Tensor | undefined;
}

/** Options of {@link generalizedAdvantages}. */
export interface AdvantageOptions extends RewardOptions {
  /** λ: 0 trusts the values one step ahead, 1 trusts the rewards alone. Default 0.95. */
  lambda?: number | undefined;
  /** `[B]`: the value of the state after the last step, where an episode goes on behind the end of the axis. Default 0. */
  last?: Tensor | undefined;
}

const rewardNames: Names<RewardOptions> = { discount: 0, done: 0 };
const advantageNames: Names<AdvantageOptions> = { discount: 0, done: 0, lambda: 0, last: 0 };

function expectSteps(op: string, reward: Tensor): void {
  expectDType(op, 'reward', reward, 'float32');
  if (reward.rank !== 2 || !reward.shape[1]) throw new RangeError(`${op}: reward must be [B, T] with T from 1, got ${show(reward.shape)}`);
}

/** `yₜ = xₜ + factor · yₜ₊₁`, where no episode ends at t. */
function backwards(x: Tensor, factor: number, done: Tensor | undefined): Tensor {
  if (done && !allFinite(x)) return stepwise(x, factor, done);
  const factors = full(x.shape, factor);
  return linearScan(x, done ? where(done, 0, factors) : factors, { axis: 1, reverse: true });
}

/** The same where something is infinite or NaN, which the factor 0 of an end would hand on from behind it. */
function stepwise(x: Tensor, factor: number, done: Tensor): Tensor {
  const steps: Tensor[] = [];
  for (let t = (x.shape[1] as number) - 1; t >= 0; t--) {
    const [now, later] = [select(x, 1, t), steps[0]];
    steps.unshift(later ? add(now, where(select(done, 1, t), 0, mul(later, factor))) : now);
  }
  return stack(steps, 1);
}

/** The discounted sum of this and all later rewards, `Σₖ γᵏ rₜ₊ₖ`: from `reward` `[B, T]` to `[B, T]`. No gradient. */
export function rewardToGo(reward: Tensor, options: RewardOptions = {}): Tensor {
  expectNames('rewardToGo', options, rewardNames);
  const { discount = 0.99, done } = options;
  isFraction('rewardToGo', 'discount', discount);
  expectSteps('rewardToGo', reward);
  if (done) expectLike('rewardToGo', 'done', done, reward.shape, 'bool');
  return noGrad(() => backwards(detach(reward), discount, done));
}

/**
 * How much better each choice was than expected, `Aₜ = Σₖ (γλ)ᵏ δₜ₊ₖ` with `δₜ = rₜ + γ Vₜ₊₁ − Vₜ`, and the returns `A + V`, to which the values
 * are fitted: from `reward` and `value` `[B, T]` to `[B, T]` each. No gradient. Schulman et al. 2016, "High-dimensional continuous control using
 * generalized advantage estimation", eq. 16.
 */
export function generalizedAdvantages(
  reward: Tensor,
  value: Tensor,
  options: AdvantageOptions = {},
): { advantages: Tensor; returns: Tensor } {
  const op = 'generalizedAdvantages';
  expectNames(op, options, advantageNames);
  const { discount = 0.99, lambda = 0.95, done, last } = options;
  isFraction(op, 'discount', discount);
  isFraction(op, 'lambda', lambda);
  expectSteps(op, reward);
  expectLike(op, 'value', value, reward.shape);
  const [batch, length] = reward.shape as [number, number];
  if (done) expectLike(op, 'done', done, reward.shape, 'bool');
  if (last) expectLike(op, 'last', last, [batch]);
  return noGrad(() => {
    const values = detach(value);
    const shifted = place(slice(values, 1, 1), 1, 0, length); // Vₜ₊₁, 0 at the end
    const next = last ? add(shifted, place(reshape(detach(last), [batch, 1]), 1, length - 1, length)) : shifted;
    const delta = sub(add(reward, mul(done ? where(done, 0, next) : next, discount)), values);
    const advantages = backwards(delta, discount * lambda, done);
    return { advantages, returns: add(advantages, values) };
  });
}

/**
 * Shifted and scaled to mean 0 and standard deviation 1 over all elements, or those where `mask` (bool) is true; the others are 0. Equal
 * elements give 0. No gradient.
 */
export function standardized(x: Tensor, options: { mask?: Tensor | undefined } = {}): Tensor {
  expectDType('standardized', 'x', x, 'float32');
  expectNames('standardized', options, { mask: 0 });
  const { mask } = options;
  if (mask) expectLike('standardized', 'mask', mask, x.shape, 'bool');
  return noGrad(() => {
    const count = mask ? Math.max(1, sum(toFloat(mask)).item()) : Math.max(1, x.size);
    const only = counted(mask);
    const centred = only(sub(x, mul(sum(only(x)), 1 / count)));
    return div(centred, add(sqrt(mul(sum(square(centred)), 1 / count)), 1e-8));
  });
}

/** Options of {@link ppoLoss}. */
export interface PPOOptions {
  /** ε: a choice that has become more or less probable by this share learns no more in that direction. Default 0.2. */
  clip?: number | undefined;
  /** The entropy of each choice's distribution, in the shape of the log-probabilities, in nats. */
  entropy?: Tensor | undefined;
  /** The value of a nat of entropy. Default 0.01. */
  entropyWeight?: number | undefined;
  /** bool in the shape of the log-probabilities: true where a choice counts. */
  mask?: Tensor | undefined;
}

const ppoNames: Names<PPOOptions> = { clip: 0, entropy: 0, entropyWeight: 0, mask: 0 };

/**
 * The loss of proximal policy optimisation: `−mean(min(ρ A, clip(ρ, 1 − ε, 1 + ε) A) + λ H)` with `ρ = p / p_old` (Schulman et al. 2017, "Proximal
 * policy optimization algorithms", eq. 7). `logProbability` is that of the choices that were made, as the model gives it now, `old` as the
 * model gave it when they were made, and `advantages` says how good they were: one shape, such as `[B, T]`. Only `logProbability` and the
 * entropy get gradients. The loss of the values is a term of its own ({@link baselineLoss}).
 */
export function ppoLoss(logProbability: Tensor, old: Tensor, advantages: Tensor, options: PPOOptions = {}): Tensor {
  expectNames('ppoLoss', options, ppoNames);
  const { clip = 0.2, entropy, entropyWeight = 0.01, mask } = options;
  if (!(typeof clip === 'number' && clip > 0 && clip < 1)) throw new RangeError(`ppoLoss: clip must be between 0 and 1, got ${clip}`);
  isWeight('ppoLoss', 'entropyWeight', entropyWeight);
  expectDType('ppoLoss', 'logProbability', logProbability, 'float32');
  const { shape } = logProbability;
  if (logProbability.size === 0) throw new RangeError(`ppoLoss: logProbability must hold at least one choice, got ${show(shape)}`);
  expectLike('ppoLoss', 'old', old, shape);
  expectLike('ppoLoss', 'advantages', advantages, shape);
  if (entropy) expectLike('ppoLoss', 'entropy', entropy, shape);
  if (mask) expectLike('ppoLoss', 'mask', mask, shape, 'bool');
  const seen = counted(mask);
  const ratio = exp(sub(seen(logProbability), seen(detach(old))));
  const gain = seen(detach(advantages));
  const least = minimum(mul(ratio, gain), mul(clamp(ratio, 1 - clip, 1 + clip), gain));
  const terms = entropy ? add(least, mul(seen(entropy), entropyWeight)) : least;
  if (!mask) return mul(mean(terms), -1);
  return mul(sum(terms), -1 / Math.max(1, sum(toFloat(mask)).item()));
}
