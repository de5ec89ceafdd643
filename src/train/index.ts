/** Optimisers, schedules, the training loop, and learning by choice. @module */

export { exponentialAnneal, linearAnneal } from './anneal.ts';
export { type Curriculum, type CurriculumOptions, curriculumAfter, curriculumLevel } from './choice/curriculum.ts';
export {
  type AdvantageOptions,
  generalizedAdvantages,
  type PPOOptions,
  ppoLoss,
  type RewardOptions,
  rewardToGo,
  standardized,
} from './choice/ppo.ts';
export { epsilonGreedy, type QTargetOptions, qLoss, qTarget, updateTarget } from './choice/q-learning.ts';
export { RecurrentBaseline } from './choice/recurrent-baseline.ts';
export {
  baselineLoss,
  LearnedBaseline,
  type MovingAverage,
  movingAverage,
  type ReinforceOptions,
  reinforceLoss,
} from './choice/reinforce.ts';
export { type Enumerated, type ReinforceCheckOptions, reinforceCheck } from './choice/reinforce-check.ts';
export { Replay, type ReplayFields, type Transitions } from './choice/replay.ts';
export { clipGradNorm, clipGradValue, gradNorm } from './clip.ts';
export { type FitOptions, fit } from './fit.ts';
export { type BestRestart, bestOf, type LinearStart, type LinearStartOptions, linearStart, type Restart } from './linear-start.ts';
export { Adadelta, type AdadeltaOptions, type AdadeltaState } from './optimizers/adadelta.ts';
export { Adagrad, type AdagradOptions } from './optimizers/adagrad.ts';
export { Adam, type AdamOptions, type AdamState, AdamW } from './optimizers/adam.ts';
export { Muon, type MuonGroups, type MuonOptions, muonGroups } from './optimizers/muon.ts';
export {
  type AnyOptimizer,
  type Filled,
  type Groups,
  Optimizer,
  type OptimizerKind,
  type ParameterGroup,
  type ParameterSet,
  type Rate,
  type Slot,
} from './optimizers/optimizer.ts';
export { RMSProp, type RMSPropOptions, type RMSPropState } from './optimizers/rmsprop.ts';
export { Optimizers } from './optimizers/several.ts';
export { SGD, type SGDOptions } from './optimizers/sgd.ts';
export {
  type Best,
  type BetterOptions,
  better,
  constantSchedule,
  cosineSchedule,
  inverseSqrtSchedule,
  type Plateau,
  type PlateauOptions,
  plateau,
  type Schedule,
  stepDecay,
  trapezoidSchedule,
} from './schedule.ts';
export { type Copied, Snapshot } from './snapshot.ts';
export { clipSpectralNorm, spectralNorm } from './spectral.ts';
export { type Position, type Progress, type Training, type TrainOptions, train } from './train.ts';
