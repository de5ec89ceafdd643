// Choices by learned values: Q-learning over the items a query may choose from (Watkins 1989; Mnih et al. 2015, "Human-level control").

import { noGrad } from '../../autograd/record.ts';
import { Module } from '../../nn/module.ts';
import { add, argmax, categorical, greater, less, max, mul, pick, smoothL1Loss, uniform, where } from '../../ops/index.ts';
import { anything, expectKey, expectNames, expectOptions, maybe, shown } from '../../tensor/check.ts';
import { detach, full } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { sameShape, show } from '../../tensor/shape.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';
import { expectWithin } from '../optimizers/numbers.ts';
import { expectLike, expectMask, isFraction } from './expect.ts';

const limited = (values: Tensor, mask: Tensor | undefined) => (mask ? where(mask, values, -Infinity) : values);

/**
 * The item of the largest value, or with probability `epsilon` any item with equal probability: `values` `[…, N]` give int32 `[…]`. Items
 * where `mask` (bool `[…, N]`) is false are not chosen; a row without any other item is an error.
 */
export function epsilonGreedy(key: Key, values: Tensor, options: { epsilon: number; mask?: Tensor | undefined }): Tensor {
  expectKey('epsilonGreedy', key);
  expectDType('epsilonGreedy', 'values', values, 'float32');
  expectOptions('epsilonGreedy', options, { epsilon: isFraction, mask: anything });
  const { epsilon, mask } = options;
  if (values.rank === 0) throw new RangeError('epsilonGreedy: values must be [..., N], got []');
  if (mask) expectMask('epsilonGreedy', mask, values.shape);
  return noGrad(() => {
    const [forChoice, forTurn] = split(key);
    const any = categorical(forChoice, limited(full(values.shape, 0), mask));
    const explores = less(uniform(forTurn, any.shape), epsilon);
    return where(explores, any, argmax(limited(values, mask), { axis: -1 }));
  });
}

/** Options of {@link qTarget}. */
export interface QTargetOptions {
  /** γ, the value of a reward one step later. Default 0.99. */
  discount?: number | undefined;
  /** bool `[B]`: true at the last step. */
  done?: Tensor | undefined;
  /** bool `[B, N]`: the items that may be chosen next; if there are none, this is the last step. */
  mask?: Tensor | undefined;
}

/** `R + γ maxₐ Q⁻(s′, a)`: from `reward` `[B]` and the target network's values `next` `[B, N]` to `[B]`. No gradient. */
export function qTarget(reward: Tensor, next: Tensor, options: QTargetOptions = {}): Tensor {
  expectOptions('qTarget', options, { discount: maybe(isFraction), done: anything, mask: anything });
  const { discount = 0.99, done, mask } = options;
  expectDType('qTarget', 'reward', reward, 'float32');
  expectDType('qTarget', 'next', next, 'float32');
  const rows = next.shape.slice(0, -1);
  if (next.rank === 0 || !sameShape(reward.shape, rows))
    throw new RangeError(`qTarget: reward must be ${show(rows)} for values ${show(next.shape)}, got ${show(reward.shape)}`);
  if (done) expectLike('qTarget', 'done', done, rows, 'bool');
  if (mask) expectMask('qTarget', mask, next.shape);
  return noGrad(() => {
    const best = max(limited(next, mask), { axis: -1 });
    const open = mask ? where(greater(best, -Infinity), best, 0) : best;
    return add(reward, mul(done ? where(done, 0, open) : open, discount));
  });
}

/**
 * The distance of the values of the actions taken from their targets: the mean of Huber's loss, whose gradient is the error clipped to [−1,
 * 1] (Mnih et al. 2015, Methods). `values` `[B, N]`, `action` int32 `[B]`, `target` `[B]`.
 */
export function qLoss(values: Tensor, action: Tensor, target: Tensor): Tensor {
  expectDType('qLoss', 'values', values, 'float32');
  if (values.rank === 0) throw new RangeError('qLoss: values must be [..., N], got []');
  expectLike('qLoss', 'action', action, values.shape.slice(0, -1), 'int32');
  expectLike('qLoss', 'target', target, action.shape);
  return smoothL1Loss(pick(values, action), detach(target));
}

/**
 * Moves a target network towards the one that learns: `θ⁻ ← θ⁻ + rate · (θ − θ⁻)` for equal sets of parameters. Float buffers move
 * likewise; integer and bool ones are copied. Rate 1, the default, copies everything (Mnih et al. 2015, every C steps); a small rate at
 * every step follows slowly (Lillicrap et al. 2016).
 */
export function updateTarget(target: Module, online: Module, options: { rate?: number | undefined } = {}): void {
  expectNames('updateTarget', options, { rate: 0 });
  const { rate = 1 } = options;
  expectWithin('updateTarget', 'rate', rate, 0);
  for (const [name, module] of Object.entries({ target, online }))
    if (!(module instanceof Module)) throw new TypeError(`updateTarget: ${name} must be a module, got ${shown(module)}`);
  if (rate > 1) throw new RangeError(`updateTarget: rate must be at most 1, got ${rate}`);
  if (rate === 1) {
    target.loadStateDict(online.stateDict());
    return;
  }
  const from = online.stateDict();
  for (const [path, parameter] of target.stateDict()) {
    const learnt = from.get(path);
    if (!learnt || !sameShape(learnt.shape, parameter.shape)) {
      throw new RangeError(`updateTarget: ${path} must be in both with one shape, got ${learnt ?? 'nothing'} for ${parameter}`);
    }
    const [to, source] = [parameter.view(), learnt.peek()];
    if (parameter.dtype !== 'float32')
      to.set(source); // a buffer of integers or bools
    else for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + rate * ((source[i] as number) - (to[i] as number));
  }
}
