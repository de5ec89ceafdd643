/** Tensors: creation, random keys, scopes. @module */

export type { Rule, Rules } from './check.ts';
export { arange, detach, full, type Nested, ones, type Typed, tensor, zeros } from './create.ts';
export type { Key } from './key.ts';
export type { Attributes, Call } from './observe.ts';
export type { NestedValues } from './print.ts';
export { foldIn, type Keys, key, permutation, randomInt, split } from './random.ts';
export { outside, persist, scope } from './scope.ts';
export type { Shape } from './shape.ts';
export { type Deferred, empty, type Recorded, Tensor } from './tensor.ts';
