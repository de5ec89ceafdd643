// What losses, clipping and annealing refuse, by the name of the one that was called.
import { expect, it } from 'vitest';
import { Linear } from '../../src/nn/linear.ts';
import { ones } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { exponentialAnneal, linearAnneal } from '../../src/train/anneal.ts';
import { epsilonGreedy, qLoss, qTarget, updateTarget } from '../../src/train/choice/q-learning.ts';
import { baselineLoss, movingAverage, reinforceLoss } from '../../src/train/choice/reinforce.ts';
import { clipGradNorm, clipGradValue } from '../../src/train/clip.ts';
import { constantSchedule, cosineSchedule, inverseSqrtSchedule, stepDecay } from '../../src/train/schedule.ts';

const linear = () => new Linear({ input: 2, output: 2 }, key(1));
const plain = () => new Linear({ input: 2, output: 2, bias: false }, key(1));
const wide = () => new Linear({ input: 3, output: 2 }, key(1));
const unknown = { unknownOption: 1 } as object;

it.each<[string, () => unknown]>([
  ['clipGradNorm: maxNorm must', () => clipGradNorm(linear().stateDict(), -1)],
  ['clipGradValue: limit must', () => clipGradValue(linear().stateDict(), Number.NaN)],
  ['linearAnneal: from must', () => linearAnneal(Number.NaN, 1, { steps: 2 })],
  ['linearAnneal: to must', () => linearAnneal(1, Number.NaN, { steps: 2 })],
  ['exponentialAnneal: from must', () => exponentialAnneal(Number.NaN, { factor: 1 })],
  ['exponentialAnneal: factor must', () => exponentialAnneal(1, { factor: -1 })],
  ['qTarget: options must be among discount, done, mask', () => qTarget(ones([2]), ones([2, 3]), unknown)],
  ['qTarget: discount must be in [0, 1], got -0.5', () => qTarget(ones([2]), ones([2, 3]), { discount: -0.5 })],
  ['qTarget: discount must be in [0, 1], got 2', () => qTarget(ones([2]), ones([2, 3]), { discount: 2 })],
  ['qLoss: action must be int32', () => qLoss(ones([2, 3]), ones([2]), ones([2]))],
  ['updateTarget: options must be among rate', () => updateTarget(linear(), linear(), unknown)],
  ['updateTarget: rate must', () => updateTarget(linear(), linear(), { rate: -1 })],
  ['updateTarget: bias must be in both with one shape, got nothing for Tensor(', () => updateTarget(linear(), plain(), { rate: 0.5 })],
  ['updateTarget: weight must be in both with one shape, got Tensor(', () => updateTarget(linear(), wide(), { rate: 0.5 })],
  ['epsilonGreedy: options must be among epsilon, mask', () => epsilonGreedy(key(1), ones([2]), unknown as { epsilon: number })],
  ['epsilonGreedy: epsilon must be in [0, 1], got -0.1', () => epsilonGreedy(key(1), ones([2]), { epsilon: -0.1 })],
  ['epsilonGreedy: epsilon must be in [0, 1], got 1.1', () => epsilonGreedy(key(1), ones([2]), { epsilon: 1.1 })],
  ['baselineLoss: options must be among mask', () => baselineLoss(ones([2]), ones([2]), unknown)],
  ['baselineLoss: reward must have leading axes of [2, 3], got [3]', () => baselineLoss(ones([2, 3]), ones([3]))],
  ['baselineLoss: mask must be bool', () => baselineLoss(ones([2]), ones([2]), { mask: ones([2]) })],
  ['movingAverage: options must be among decay', () => movingAverage({ value: 0, weight: 0 }, 1, unknown)],
  ['movingAverage: decay must be in [0, 1), got 1', () => movingAverage({ value: 0, weight: 0 }, 1, { decay: 1 })],
  ['reinforceLoss: options must be among', () => reinforceLoss(ones([2]), ones([2]), unknown)],
  ['reinforceLoss: logProbability must be [B, …] of at least one example, got [0]', () => reinforceLoss(ones([0]), ones([0]))],
  ['reinforceLoss: reward must have leading axes of [2, 3], got [3]', () => reinforceLoss(ones([2, 3]), ones([3]))],
  ['reinforceLoss: baseline must have leading axes of [2], got [3]', () => reinforceLoss(ones([2]), ones([2]), { baseline: ones([3]) })],
  ['reinforceLoss: reward must be float32', () => reinforceLoss(ones([2]), ones([2], 'int32'))],
  ['reinforceLoss: entropy must be [2], got [1]', () => reinforceLoss(ones([2]), ones([2]), { entropy: ones([1]) })],
  ['stepDecay: options must be among', () => stepDecay(1, unknown as { every: number })],
  ['cosine: options must be among', () => cosineSchedule(1, unknown as { steps: number })],
  ['inverseSqrt: lr must', () => inverseSqrtSchedule(-1, { warmup: 2 })],
  ['constant: lr must', () => constantSchedule(-1)],
])('%s', (message, run) => {
  expect(run).toThrow(message);
});

it('discounts of 0 and 1 are taken', () => {
  const at = (discount: number) => [...qTarget(ones([1]), ones([1, 2]), { discount }).toArray()];
  expect([at(0), at(1)]).toEqual([[1], [2]]);
});
