// One valid call of every op, argument by argument, for test/ops/hostile.test.ts to spoil.

import { full, ones, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';

/** The kind of an argument. An `operand` may be a number, an `optional` one may be absent, and a `free` one is internal to the package. */
export type Kind =
  | 'tensor'
  | 'any tensor'
  | 'index'
  | 'bool'
  | 'operand'
  | 'optional'
  | 'tensors'
  | 'count'
  | 'axis'
  | 'axes'
  | 'place'
  | 'number'
  | 'shape'
  | 'equation'
  | 'key'
  | 'options'
  | 'free';

/** An argument: its kind, and a value that is right. */
export type Given = readonly [Kind, () => unknown];

const x = (...shape: number[]): Given => ['tensor', () => full(shape, 0.5)];
const any = (...shape: number[]): Given => ['any tensor', () => full(shape, 0.5)];
const operand = (...shape: number[]): Given => ['operand', () => full(shape, 0.5)];
const bool = (...shape: number[]): Given => ['bool', () => ones(shape, 'bool')];
const index = (...shape: number[]): Given => ['index', () => full(shape, 1, 'int32')];
const list = (...shape: number[]): Given => ['tensors', () => [full(shape, 0.5), full(shape, 0.25)]];
const given = (kind: Kind, value: unknown): Given => [kind, () => value];
const bias: Given = ['optional', () => full([4], 0.5)];
const options = (value: object = {}): Given => ['options', () => value];
const axis = given('axis', 1);
const drawn: Given = ['key', () => key(1)];

/** Takes int32 too. */
const ordered = (...shape: number[]): Given => ['any tensor', () => full(shape, 0.5)];

const unary = [x(2, 3)];
const along = [x(2, 3), options()];
const alongAny = [ordered(2, 3), options()];
const binary = [operand(2, 3), operand(2, 3)];
const booleans = [bool(2, 3), bool(2, 3)];
const loss = [x(2, 3), x(2, 3), options()];

const square = full([4, 4], 0.1);
const row = full([4], 0.5);
/** Spoiled by name in test/ops/hostile.test.ts. */
export const entities = {
  ...{ keys: full([2, 4], 0.5), gateBias: full([2], 0.5), stateWeight: square, stateBias: row },
  ...{ sentenceWeight: square, keyWeight: square, slopes: row },
};

/** The calls. `lstm`, `gru` and their cells take their tensors by name; test/nn/ spoils those. */
export const calls: Record<string, readonly Given[]> = {
  abs: unary,
  add: binary,
  scatterAddAlongAxis: [x(2, 3), index(2, 3), given('count', 4)],
  additiveScore: [x(2, 3, 4), x(2, 5, 4), x(4)],
  affineGrid: [x(2, 2, 3), given('count', 3), options()],
  avgPool2d: [x(2, 4, 5, 3), given('count', 2), options()],
  batchNorm: along,
  and: booleans,
  argmax: alongAny,
  argmin: alongAny,
  argsort: alongAny,
  binaryCrossEntropyWithLogits: loss,
  categorical: [drawn, x(2, 3)],
  clamp: [x(2, 3), given('number', 0), given('number', 1)],
  concat: [list(2, 3), axis],
  conv1d: [x(2, 5, 3), x(4, 3, 2), bias, options()],
  conv2d: [x(2, 5, 5, 3), x(4, 3, 2, 2), bias, options()],
  convTranspose2d: [x(2, 5, 5, 3), x(3, 4, 2, 2), bias, options()],
  cos: unary,
  crop: [x(2, 5, 6), index(2, 2), given('count', 3)],
  ctcAlignment: [x(2, 3, 4), index(2, 1), options()],
  ctcLoss: [x(2, 3, 4), index(2, 1), options()],
  ctcPaths: [x(2, 3, 3), bool(2, 3), index(2), index(2)],
  ctcPosterior: [x(2, 3, 3), bool(2, 3), index(2), index(2)],
  crossEntropy: [x(2, 3), index(2), options()],
  cumprod: along,
  cumsum: along,
  div: binary,
  einsum: [given('equation', 'ij,jk->ik'), x(2, 3), x(3, 4)],
  dropout: [x(2, 3), given('number', 0.5), drawn],
  embeddingBag: [x(4, 3), index(2, 5), options({ paddingIndex: 0 })],
  entityStates: [x(2, 3, 4), x(2, 2, 4), given('free', entities), options()],
  entropy: along,
  equal: binary,
  erf: unary,
  exp: unary,
  expand: [any(1, 3), given('shape', [2, 3])],
  flip: [any(2, 3), axis],
  gather: [any(2, 3), index(4)],
  gaussianFilters: [x(2), x(2), x(2), given('count', 3), given('count', 5)],
  gelu: along,
  greater: binary,
  greaterEqual: binary,
  gridSample: [x(2, 5, 5, 3), x(2, 2, 4, 2), options()],
  gumbel: [drawn, given('shape', [2, 3])],
  l1Loss: loss,
  layerNorm: along,
  less: binary,
  lessEqual: binary,
  linear: [x(2, 3), x(4, 3), bias],
  linearScan: [x(2, 3), x(2, 3), options()],
  log: unary,
  logSoftmax: along,
  logSumExp: along,
  matmul: [x(2, 3), x(3, 4), options()],
  max: alongAny,
  maxPool2d: [x(2, 4, 5, 3), given('count', 2), options()],
  maximum: binary,
  mean: along,
  min: alongAny,
  minimum: binary,
  monotonicWeights: [x(2, 3), x(2, 3)],
  mseLoss: loss,
  mul: binary,
  neg: [ordered(2, 3)],
  nllLoss: [x(2, 3), index(2), options()],
  normal: [drawn, given('shape', [2, 3]), options()],
  not: [bool(2, 3)],
  oneHot: [index(2, 3), given('count', 4)],
  or: booleans,
  permute: [any(2, 3), given('axes', [1, 0])],
  memoryStep: [x(2, 24), x(2, 4, 3), x(2, 2, 4), options({ reads: 1, writes: 1 })],
  pick: [x(2, 3), index(2), options()],
  pow: binary,
  place: [any(2, 3), axis, given('count', 1), given('count', 5)],
  relu: unary,
  reshape: [any(2, 3), given('shape', [3, 2])],
  segmentSum: [x(4, 3), index(4), given('count', 2)],
  scaledDotProductAttention: [x(2, 3, 4), x(2, 5, 4), x(2, 5, 6), options()],
  select: [any(2, 3), axis, given('place', 1)],
  reluSquared: unary,
  rmsNorm: [x(2, 3), ['optional', () => full([3], 0.5)], options()],
  rotary: [x(2, 3, 4, 6), x(5, 4), index(2, 4), options()],
  sigmoid: unary,
  silu: unary,
  softcap: [x(2, 3), given('number', 2)],
  swiglu: [x(2, 3), x(2, 3)],
  sign: unary,
  sin: unary,
  slice: [any(2, 3), axis, given('place', 1), given('place', 2), options()],
  smoothL1Loss: loss,
  softmax: along,
  sort: alongAny,
  softplus: unary,
  sparsemax: along,
  sqrt: unary,
  square: unary,
  std: along,
  stack: [list(2, 3), axis],
  straightThrough: [x(2, 3), x(2, 3)],
  sub: binary,
  sum: alongAny,
  sumTo: [x(2, 3), given('shape', [1, 3])],
  batchGather: [any(2, 3), index(2, 4), options()],
  takeAlongAxis: [any(2, 3), index(2, 4), options()],
  tanh: unary,
  topk: [ordered(2, 3), given('count', 2), options()],
  toFloat: [any(2, 3)],
  transpose: [any(2, 3), given('axis', 0), given('axis', 1)],
  tril: [any(2, 3), options()],
  triu: [any(2, 3), options()],
  uniform: [drawn, given('shape', [2, 3]), options()],
  unstack: [any(2, 3), axis],
  variance: along,
  where: [bool(2, 3), operand(2, 3), operand(2, 3)],
  unfold: [any(2, 3), given('count', 2), axis],
};

/** Invalid values of each kind, by description. */
export function wrong(kind: Kind, foreign: unknown): [string, unknown][] {
  const noTensors: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['text', 'a'],
    ['an array', [1, 2]],
    ['an object', {}],
    ['of another copy of the package', foreign],
  ];
  const number: [string, unknown] = ['a number', 5];
  const float: [string, unknown] = ['float32', tensor([[0.5]])];
  const int: [string, unknown] = ['int32', tensor(Int32Array.of(1))];
  const noNumbers: [string, unknown][] = [
    ['NaN', Number.NaN],
    ['text', '1'],
    ['null', null],
    ['an object', {}],
  ];
  const kinds: Record<Kind, [string, unknown][]> = {
    tensor: [...noTensors, number, int],
    'any tensor': [...noTensors, number],
    index: [...noTensors, number, float],
    bool: [...noTensors, number, float, int],
    operand: noTensors,
    optional: [...noTensors.slice(1), number, int],
    free: [],
    tensors: [
      ['undefined', undefined],
      ['none', []],
      ['a tensor', tensor([1, 2])],
      ['numbers', [1, 2]],
      ['foreign', [foreign]],
    ],
    count: [...noNumbers, ['undefined', undefined], ['a fraction', 2.5], ['below 0', -1], ['∞', Infinity]],
    axis: [...noNumbers, ['a fraction', 0.5], ['beyond', 7]],
    axes: [...noNumbers, ['one twice', [0, 0]], ['one missing', [0]], ['a fraction', [0, 0.5]]],
    place: [...noNumbers, ['a fraction', 0.5], ['beyond', 70]],
    number: [...noNumbers],
    equation: [
      ['undefined', undefined],
      ['a number', 5],
      ['a diagonal', 'ii,jk->ik'],
      ['a letter too many', 'ijk,jk->ik'],
      ['dots', '...j,jk->k'],
      ['no such letter', 'ij,jk->iz'],
      ['one term', 'ij->i'],
    ],
    shape: [
      ...noNumbers,
      ['undefined', undefined],
      ['a number', 5],
      ['NaN in it', [2, NaN]],
      ['a fraction', [2.5, 3]],
      ['below 0', [-2, -3]],
    ],
    key: [
      ['undefined', undefined],
      ['a number', 7],
      ['an object', {}],
    ],
    options: [
      ['an unknown name', { nonsense: 1 }],
      ['a number', 0],
      ['null', null],
      ['text', 'mean'],
    ],
  };
  return kinds[kind];
}
