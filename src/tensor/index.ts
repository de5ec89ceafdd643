// `saccade/tensor`. Tensors: creation, random keys, scopes.

export { arange, detach, full, type Nested, ones, tensor, zeros } from './create.ts';
export type { Key } from './key.ts';
export { foldIn, key, permutation, randomInt, split } from './random.ts';
export { outside, persist, scope } from './scope.ts';
export type { Shape } from './shape.ts';
export { type Deferred, empty, type Recorded, Tensor } from './tensor.ts';
