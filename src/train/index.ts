export { Adadelta, type AdadeltaOptions } from './adadelta.ts';
export { Adagrad, type AdagradOptions } from './adagrad.ts';
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export { clipGradNorm, clipGradValue, gradNorm } from './clip.ts';
export { Optimizer, type ParameterSet } from './optimizer.ts';
export { RMSProp, type RMSPropOptions } from './rmsprop.ts';
export { type Best, better, constant, cosine, inverseSqrt, type Plateau, plateau, type Schedule, stepDecay } from './schedule.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export { type Position, type Progress, type TrainOptions, train } from './train.ts';
