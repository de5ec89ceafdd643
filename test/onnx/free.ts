// Calls of ops at any lengths, for those whose rows fix them.
import { rotaryTable } from '../../src/nn/index.ts';
import type { OnnxInput } from '../../src/onnx/index.ts';
import * as ops from '../../src/ops/index.ts';
import { cumprod, cumsum, entropy, logSoftmax, softmax } from '../../src/ops/index.ts';
import { arange, full } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

export interface FreeRow {
  op: keyof typeof ops;
  name?: string;
  inputs: Readonly<Record<string, OnnxInput>>;
  /** As many tensors as there are inputs. */
  f(a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor): Tensor | Readonly<Record<string, Tensor>>;
}

type Length = number | string;
const real = (...shape: Length[]): OnnxInput => ({ shape });
const index = (below: Length, ...shape: Length[]): OnnxInput => ({ shape, dtype: 'int32', below });
const picks = (below: number, ...shape: Length[]): OnnxInput => ({ shape, dtype: 'int32', from: -1, below });
const mask = (...shape: Length[]): OnnxInput => ({ shape, dtype: 'bool' });

const x = real('batch', 'time', 4);
const cube = { x };
const scores = { x: real('batch', 'time', 'past'), seen: mask('batch', 'time', 'past') };
const cell = (gates: number) => ({
  weightIh: ops.uniform(key(1), [gates * 3, 4]),
  weightHh: ops.uniform(key(2), [gates * 3, 3], { low: -1 }),
  biasIh: ops.uniform(key(3), [gates * 3]),
  biasHh: ops.uniform(key(4), [gates * 3]),
});
const [four, three] = [cell(4), cell(3)];
const row = (n: number) => ops.uniform(key(n), [4]);
const [weight, bias] = [row(5), row(6)];
const kernel = ops.uniform(key(7), [5, 4, 3]);
const image = { x: real('batch', 8, 6, 4) };
const filter = ops.uniform(key(8), [5, 4, 3, 3]);
const heads = { q: real('batch', 4, 'time', 6), k: real('batch', 2, 'past', 6), v: real('batch', 2, 'past', 3) };

const attending: FreeRow[] = [
  { op: 'scaledDotProductAttention', inputs: heads, f: (q, k, v) => ops.scaledDotProductAttention(q, k, v) },
  {
    op: 'scaledDotProductAttention',
    name: 'causal, more keys or fewer',
    inputs: heads,
    f: (q, k, v) => ops.scaledDotProductAttention(q, k, v, { causal: true, scale: 0.5 }),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'causal among themselves',
    inputs: { q: real('batch', 4, 'time', 6), k: real('batch', 4, 'time', 6) },
    f: (q, k) => ops.scaledDotProductAttention(q, k, k, { causal: true }),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'masked, biased, with weights',
    inputs: { ...heads, seen: mask('batch', 1, 'time', 'past'), bias: real(4, 1, 'past') },
    f: (q, k, v, seen, more) => ops.scaledDotProductAttention(q, k, v, { mask: seen, bias: more, causal: true, weights: true }),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'masked, biased',
    inputs: { ...heads, seen: mask('batch', 1, 1, 'past'), bias: real(4, 'time', 'past') },
    f: (q, k, v, seen, more) => ops.scaledDotProductAttention(q, k, v, { mask: seen, bias: more }),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'of the first rows',
    inputs: { ...heads, n: real('items') },
    f: (q, k, v, n) => ops.scaledDotProductAttention(q, k, v, { length: Math.min(n.size, 2) }),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'in a window, with slopes, capped',
    inputs: { ...heads, slopes: real(4, 1, 1) },
    f: (q, k, v, slopes) => ops.scaledDotProductAttention(q, k, v, { before: 2, after: 1, softcap: 0.8, slopes }),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'in a window from places, with weights',
    inputs: { ...heads, places: index('past', 'batch') },
    f: (q, k, v, places) => ops.scaledDotProductAttention(q, k, v, { places, before: 3, causal: true, weights: true }),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'with a bias by distance for each head',
    inputs: { ...heads, bias: real(4, 1, 5) },
    f: (q, k, v, bias) => ops.scaledDotProductAttention(q, k, v, { distance: { bias, zero: 2 }, causal: true }),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'with a bias by distance for each query from places, and sums by it',
    inputs: { ...heads, bias: real('batch', 4, 'time', 5), places: index('past', 'batch') },
    f: (q, k, v, bias, places) => ops.scaledDotProductAttention(q, k, v, { places, distance: { bias, zero: 3, sums: true } }),
  },
];

const recurrent: FreeRow[] = [
  {
    op: 'lstmCell',
    inputs: { x: real('batch', 4), h0: real('batch', 3), c0: real('batch', 3) },
    f: (a, h, c) => ops.lstmCell(a, h, c, four),
  },
  { op: 'gruCell', inputs: { x: real('batch', 4), h0: real('batch', 3) }, f: (a, h) => ops.gruCell(a, h, three) },
  ...[false, true].flatMap((reverse): FreeRow[] => [
    {
      op: 'lstm',
      inputs: { x, c0: real('batch', 3), seen: mask('batch', 'time') },
      f: (a, c, seen) => ops.lstm(a, null, c, four, { mask: seen, reverse }),
    },
    {
      op: 'gru',
      inputs: { x, h0: real('batch', 3), seen: mask('batch', 'time') },
      f: (a, h, seen) => ops.gru(a, h, three, { mask: seen, reverse }),
    },
  ]),
  {
    op: 'lstm',
    name: 'symbols of a table',
    inputs: { table: real(9, 4), index: index(9, 'batch', 'time') },
    f: (table, at) => ops.lstm({ table: table, index: at }, null, null, four),
  },
];

const square = (n: number) => ops.uniform(key(n), [4, 4], { low: -1 });
const entities = {
  ...{ keys: ops.uniform(key(20), [3, 4], { low: -1 }), gateBias: ops.uniform(key(21), [3]), stateWeight: square(22), stateBias: bias },
  ...{ sentenceWeight: square(23), keyWeight: square(24), slopes: weight },
};

const hearing: FreeRow[] = [
  {
    op: 'entityStates',
    inputs: { x, h0: real('batch', 3, 4) },
    f: (a, h) => ({ ...ops.entityStates(a, h, entities) }),
  },
  {
    op: 'entityStates',
    name: 'masked',
    inputs: { x, h0: real('batch', 3, 4), seen: mask('batch', 'time') },
    f: (a, h, seen) => ({ ...ops.entityStates(a, h, entities, { mask: seen }) }),
  },
];

const indexing: FreeRow[] = [
  { op: 'gather', inputs: { x: real('past', 3), at: index('past', 'batch', 'time') }, f: (a, at) => ops.gather(a, at) },
  { op: 'segmentSum', inputs: { ...cube, at: index(5, 'batch', 'time') }, f: (a, at) => ops.segmentSum(a, at, 5) },
  {
    op: 'segmentSum',
    name: 'rows of an axis',
    inputs: { ...cube, at: index('time', 'batch', 'time') },
    f: (a, at) => ops.segmentSum(a, at, a.shape[1] as number),
  },
  {
    op: 'embeddingBag',
    inputs: { x: real('past', 3), at: index('past', 'batch', 'time') },
    f: (a, at) => ops.embeddingBag(a, at, { paddingIndex: 1 }),
  },
  {
    op: 'embeddingBag',
    name: 'weights of the places',
    inputs: { x: real('past', 3), at: index('past', 'batch', 'time'), w: real('time', 3) },
    f: (a, at, weights) => ops.embeddingBag(a, at, { weights }),
  },
  { op: 'pick', inputs: { ...cube, at: picks(4, 'batch', 'time') }, f: (a, at) => ops.pick(a, at) },
  { op: 'oneHot', inputs: { at: picks(2, 'batch', 'time') }, f: (at) => ops.oneHot(at, at.shape[1] as number) },
  { op: 'batchGather', inputs: { x: real('batch', 'past', 3), at: index('past', 'batch', 'time') }, f: (a, at) => ops.batchGather(a, at) },
  { op: 'takeAlongAxis', inputs: { x: real('batch', 'past'), at: index('past', 'batch', 'time') }, f: (a, at) => ops.takeAlongAxis(a, at) },
  {
    op: 'scatterAddAlongAxis',
    inputs: { x: real('batch', 'time'), at: index('past', 'batch', 'time'), y: real('past') },
    f: (a, at, y) => ops.add(ops.scatterAddAlongAxis(a, at, y.size), y),
  },
  {
    op: 'crossEntropy',
    inputs: { ...cube, at: index(4, 'batch', 'time') },
    f: (a, at) => ops.crossEntropy(a, at, { labelSmoothing: 0.1 }),
  },
  { op: 'nllLoss', inputs: { ...cube, at: index(4, 'batch', 'time') }, f: (a, at) => ops.nllLoss(a, at, { reduction: 'sum' }) },
];

const moving: FreeRow[] = [
  { op: 'reshape', inputs: cube, f: (a) => ops.reshape(a, [-1, 2]) },
  {
    op: 'reshape',
    name: 'two axes that the graph works out',
    inputs: { x: real('batch', 'time', 'past') },
    f: (a) => ops.reshape(ops.reshape(a, [-1]), a.shape),
  },
  { op: 'reshape', name: 'of one longer', inputs: cube, f: (a) => ops.reshape(ops.concat([a, ops.slice(a, 1, 0, 1)], 1), [-1, 4]) },
  { op: 'expand', inputs: { ...cube, y: real('past', 1, 1, 1) }, f: (a, y) => ops.expand(a, [y.shape[0] as number, ...a.shape]) },
  { op: 'sumTo', inputs: cube, f: (a) => ops.sumTo(a, [1, a.shape[1] as number, 1]) },
  { op: 'place', inputs: { ...cube, y: real('past') }, f: (a, y) => ops.place(a, 1, 2, (a.shape[1] as number) + y.size + 2) },
  { op: 'unfold', inputs: { x: real('batch', 'past', 4) }, f: (a) => ops.unfold(a, 3, 1) },
  {
    op: 'unstack',
    inputs: { x: real('batch', 3, 'time') },
    f: (a) => {
      const [p, , q] = ops.unstack(a, 1) as [Tensor, Tensor, Tensor];
      return { p, q };
    },
  },
  {
    op: 'where',
    name: 'a constant that says the shape',
    inputs: { seen: mask('past'), x: real('batch', 'time', 'past') },
    f: (seen, a) => ops.where(seen, full(a.shape, 2), full([], 1)),
  },
  { op: 'where', inputs: scores, f: (a, seen) => ops.where(seen, a, 2) },
  { op: 'conv2d', inputs: image, f: (a) => ops.conv2d(a, filter, undefined, { padding: 'same', stride: [2, 1] }) },
  {
    op: 'convTranspose2d',
    inputs: image,
    f: (a) => ops.convTranspose2d(a, ops.transpose(filter, 0, 1), undefined, { stride: 2, padding: 1, outputPadding: [0, 1] }),
  },
  { op: 'maxPool2d', inputs: image, f: (a) => ops.maxPool2d(a, 2, { padding: 1 }) },
  { op: 'maxPool2d', name: 'grey', inputs: { x: real('batch', 8, 6) }, f: (a) => ops.maxPool2d(a, [2, 3]) },
  { op: 'avgPool2d', inputs: image, f: (a) => ops.avgPool2d(a, 3, { stride: [1, 2], padding: 1 }) },
  ...[false, true].map((alignCorners): FreeRow => {
    const inputs = { ...image, grid: real('batch', 'time', 3, 2) };
    return { op: 'gridSample', name: `corners aligned ${alignCorners}`, inputs, f: (a, grid) => ops.gridSample(a, grid, { alignCorners }) };
  }),
  {
    op: 'affineGrid',
    inputs: { ...image, theta: real('batch', 2, 3) },
    f: (a, theta) => ops.gridSample(a, ops.affineGrid(theta, [4, 5])),
  },
  { op: 'batchNorm', inputs: image, f: (a) => ops.batchNorm(a, { weight, bias }) as unknown as Readonly<Record<string, Tensor>> },
  {
    op: 'batchNorm',
    name: 'statistics given',
    inputs: image,
    f: (a) => ops.batchNorm(a, { weight, bias, mean: bias, variance: ops.square(weight) }).output,
  },
  { op: 'slice', inputs: cube, f: (a) => ops.slice(a, 1, -1, undefined, { step: -1 }) },
  { op: 'conv1d', inputs: cube, f: (a) => ops.conv1d(a, kernel, undefined, { padding: 'same' }) },
  { op: 'conv1d', name: 'causal', inputs: cube, f: (a) => ops.conv1d(a, kernel, undefined, { padding: 'causal' }) },
  {
    op: 'rotary',
    inputs: { x: real('batch', 2, 'time', 6) },
    f: (a) => ops.rotary(a, rotaryTable({ width: 4, length: 30 }), ops.reshape(arange(3, 3 + (a.shape[2] as number)), [1, -1])),
  },
];

const along: FreeRow[] = [
  ...Object.entries({ cumsum, cumprod, softmax, logSoftmax, entropy } as const).map(
    ([op, f]): FreeRow => ({ op: op as FreeRow['op'], inputs: { x: real('batch', 'time', 'past') }, f: (a) => f(a) }),
  ),
  { op: 'softmax', name: 'masked, the middle axis', inputs: scores, f: (a, seen) => ops.softmax(a, { mask: seen, axis: 1 }) },
  { op: 'entropy', name: 'masked', inputs: scores, f: (a, seen) => ops.entropy(a, { mask: seen }) },
  { op: 'cumsum', name: 'reverse, exclusive', inputs: cube, f: (a) => ops.cumsum(a, { axis: 1, reverse: true, exclusive: true }) },
  { op: 'linearScan', inputs: { ...cube, a: x }, f: (a, by) => ops.linearScan(a, by, { axis: 1, reverse: true }) },
  {
    op: 'monotonicWeights',
    inputs: { p: real('batch', 'past'), before: real('batch', 'past') },
    f: (p, before) => ops.monotonicWeights(ops.sigmoid(p), before),
  },
  {
    op: 'gaussianFilters',
    inputs: { centre: real('batch'), stride: real('batch') },
    f: (centre, stride) => ops.gaussianFilters(centre, stride, ops.exp(centre), 3, 5),
  },
  { op: 'layerNorm', inputs: cube, f: (a) => ops.layerNorm(a, { weight, bias }) },
  { op: 'rmsNorm', inputs: cube, f: (a) => ops.rmsNorm(a, weight) },
  { op: 'rmsNorm', name: 'of an axis', inputs: { x: real('batch', 'time') }, f: (a) => ops.rmsNorm(a) },
  { op: 'variance', inputs: cube, f: (a) => ops.variance(a, { axis: [0, 2] }) },
  { op: 'additiveScore', inputs: { q: x, k: real('batch', 'past', 4) }, f: (q, k) => ops.additiveScore(q, k, weight) },
];

/** Calls at any lengths. */
export const free: FreeRow[] = [...attending, ...recurrent, ...hearing, ...indexing, ...moving, ...along];
