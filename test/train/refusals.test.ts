// What losses, clipping and annealing refuse, by the name of the one that was called.
import { expect, it } from 'vitest';
import { Linear } from '../../src/nn/linear.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { exponentialAnneal, linearAnneal } from '../../src/train/anneal.ts';
import { curriculumAfter, curriculumLevel } from '../../src/train/choice/curriculum.ts';
import { ppoLoss } from '../../src/train/choice/ppo.ts';
import { epsilonGreedy, qLoss, qTarget, updateTarget } from '../../src/train/choice/q-learning.ts';
import { baselineLoss, LearnedBaseline, movingAverage, reinforceLoss } from '../../src/train/choice/reinforce.ts';
import { clipGradNorm, clipGradValue, gradNorm } from '../../src/train/clip.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';
import { isWithin } from '../../src/train/optimizers/numbers.ts';
import { SGD } from '../../src/train/optimizers/sgd.ts';
import { better, constantSchedule, cosineSchedule, inverseSqrtSchedule, stepDecay } from '../../src/train/schedule.ts';

const linear = () => new Linear({ input: 2, output: 2 }, key(1));
const plain = () => new Linear({ input: 2, output: 2, bias: false }, key(1));
const wide = () => new Linear({ input: 3, output: 2 }, key(1));
const start = { level: 1, error: 1, since: 0 };
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
  ['gradNorm: parameters must be a module, or leaves', () => gradNorm(3 as never)],
  ['clipGradValue: parameters must be a module, or leaves', () => clipGradValue(3 as never, 1)],
  ['SGD: parameters must be a module, or leaves in a list, a map or a record, got null', () => new SGD(null as never)],
  ['SGD: options must be an object, got 0.1', () => new SGD(linear(), 0.1 as never)],
  ['Adam: options must be an object, got 0.1', () => new Adam(linear(), 0.1 as never)],
  ['Adam: options must be an object, got []', () => new Adam(linear(), [] as object)],
  ['Adam: options must be an object, got null', () => new Adam(linear(), null as never)],
  ['Linear: options must be an object, got 5', () => new Linear(5 as never, key(1))],
  ['optimizer: lr must be a finite number of at least 0, got -1', () => Object.assign(new SGD(linear().stateDict()), { lr: -1 })],
  ['SGD: nesterov must come with momentum and', () => new SGD(linear().stateDict(), { nesterov: true, momentum: 0.9, dampening: 0.1 })],
  ['stepDecay: lr must', () => stepDecay(-1, { every: 1 })],
  ['better: options must be among goal, threshold', () => better({}, 1, unknown)],
  ['share: part must be in [0, 1), got 1', () => isWithin(0, 1)('share', 'part', 1)],
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
  ['reinforceLoss: logProbability must be a tensor, got undefined', () => reinforceLoss(undefined as never, ones([2]))],
  ['reinforceLoss: mask must be [2, 3], got [4, 2, 3]', () => reinforceLoss(ones([2, 3]), ones([2]), { mask: ones([4, 2, 3], 'bool') })],
  [
    'reinforceLoss: entropyWeight must be a finite number, got NaN',
    () => reinforceLoss(ones([2]), ones([2]), { entropyWeight: Number.NaN }),
  ],
  ['reinforceLoss: baseline must be a finite number, got NaN', () => reinforceLoss(ones([2]), ones([2]), { baseline: Number.NaN })],
  ['reinforceLoss: entropy must be a tensor, got 3', () => reinforceLoss(ones([2]), ones([2]), { entropy: 3 as never })],
  ['baselineLoss: baseline must be a tensor, got 3', () => baselineLoss(3 as never, ones([2]))],
  ['baselineLoss: mask must be [2, 3], got [3]', () => baselineLoss(ones([2, 3]), ones([2]), { mask: ones([3], 'bool') })],
  [
    'ppoLoss: entropyWeight must be a finite number, got NaN',
    () => ppoLoss(ones([2]), ones([2]), ones([2]), { entropyWeight: Number.NaN }),
  ],
  ['movingAverage: state.value must be a finite number, got undefined', () => movingAverage(undefined as never, 1)],
  ['movingAverage: state.weight must be a finite number of at least 0, got -1', () => movingAverage({ value: 0, weight: -1 }, 1)],
  ['movingAverage: reward must be a finite number, got NaN', () => movingAverage({ value: 0, weight: 0 }, Number.NaN)],
  ['epsilonGreedy: key must be made by key(seed)', () => epsilonGreedy(3 as never, ones([2]), { epsilon: 0 })],
  ['epsilonGreedy: values must be a tensor, got undefined', () => epsilonGreedy(key(1), undefined as never, { epsilon: 0 })],
  [
    'epsilonGreedy: mask must broadcast to [2, 3], got [3, 2, 3]',
    () => epsilonGreedy(key(1), ones([2, 3]), { epsilon: 0, mask: ones([3, 2, 3], 'bool') }),
  ],
  ["epsilonGreedy: epsilon must be in [0, 1], got '0.5'", () => epsilonGreedy(key(1), ones([2]), { epsilon: '0.5' as never })],
  ['qTarget: reward must be a tensor, got undefined', () => qTarget(undefined as never, ones([2, 3]))],
  ['qTarget: next must be a tensor, got [1]', () => qTarget(ones([2]), [1] as never)],
  ['qTarget: done must be [2], got [3, 2]', () => qTarget(ones([2]), ones([2, 3]), { done: ones([3, 2], 'bool') })],
  ['qTarget: mask must broadcast to [2, 3], got [4, 2, 3]', () => qTarget(ones([2]), ones([2, 3]), { mask: ones([4, 2, 3], 'bool') })],
  ["qTarget: discount must be in [0, 1], got '0.5'", () => qTarget(ones([2]), ones([2, 3]), { discount: '0.5' as never })],
  ['qLoss: target must be [2], got [2, 1]', () => qLoss(ones([2, 3]), ones([2], 'int32'), ones([2, 1]))],
  ['qLoss: values must be a tensor, got undefined', () => qLoss(undefined as never, ones([2], 'int32'), ones([2]))],
  ['updateTarget: online must be a module, got undefined', () => updateTarget(linear(), undefined as never)],
  ['curriculumLevel: key must be made by key(seed)', () => curriculumLevel(3 as never, start, 3)],
  ['curriculumLevel: state must be a Curriculum, got undefined', () => curriculumLevel(key(1), undefined as never, 3)],
  ['curriculumLevel: most must be a whole number from 1, got NaN', () => curriculumLevel(key(1), start, Number.NaN)],
  [
    'curriculumAfter: state.level must be a whole number from 1, got NaN',
    () => curriculumAfter({ ...start, level: Number.NaN }, 1, 0, { most: 3 }),
  ],
  [
    'curriculumAfter: state.error must be a finite number, got NaN',
    () => curriculumAfter({ ...start, error: Number.NaN }, 1, 0, { most: 3 }),
  ],
  [
    'curriculumAfter: state.since must be a whole number from 0, got undefined',
    () => curriculumAfter({ level: 1, error: 1 } as never, 1, 0, { most: 3 }),
  ],
  ['curriculumAfter: level must be a whole number from 1, got undefined', () => curriculumAfter(start, undefined as never, 0, { most: 3 })],
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

it('what is chosen is along the last axis, whatever stands before it', () => {
  const best = (x: Tensor, options: object = {}) => [...epsilonGreedy(key(1), x, { epsilon: 0, ...options }).toArray()];
  expect(best(tensor([1, 5, 2]))).toEqual([1]);
  expect(best(tensor([[[1, 5, 2], [7, 1, 1]], [[0, 1, 2], [3, 4, 0]]]))).toEqual([1, 0, 2, 1]); // biome-ignore format: a matrix
  expect(qTarget(tensor(1), tensor([4, 8]), { discount: 0.5 }).item()).toBe(5);
  const deep = tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]); // biome-ignore format: a matrix
  expect([...qTarget(zeros([2, 2]), deep, { discount: 1 }).toArray()]).toEqual([2, 4, 6, 8]);
  expect(new LearnedBaseline({ input: 4 }, key(1)).forward(ones([2, 3, 4])).shape).toEqual([2, 3]);
});

it('a target at rate 1 is a copy, to the last bit', () => {
  const [target, online] = [linear(), linear()];
  target.weight.view().fill(1e8);
  online.weight.view().fill(1e-3);
  updateTarget(target, online);
  expect([...target.weight.toArray()]).toEqual([...online.weight.toArray()]);
});

it('the state of an optimiser that has taken no step loads', () => {
  const fresh = () => new Adam(linear().stateDict());
  expect(() => fresh().loadStateDict(fresh().stateDict())).not.toThrow();
});
