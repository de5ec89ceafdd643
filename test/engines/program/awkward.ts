// Calls as large and irregular as those of models, which the op table with its few elements lacks: more than a vector, a tile and a block,
// and never a whole number of them.
import {
  additiveScore,
  crossEntropy,
  gru,
  layerNorm,
  linear,
  logSoftmax,
  lstm,
  matmul,
  scaledDotProductAttention,
  softmax,
  sum,
} from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { OpCall } from '../../ops/row.ts';

const shapes = (...list: number[][]) => list.map((shape) => ({ shape, domain: [-1, 1] as const }));

const products: OpCall[] = [
  [63, 127, 31],
  [1, 513, 300],
  [300, 1, 257],
  [37, 600, 1],
  [260, 300, 258],
].flatMap(([m = 0, k = 0, n = 0]) => [
  { op: 'matmul', name: `${m}×${k}×${n}`, f: (a, b) => matmul(a, b), inputs: shapes([m, k], [k, n]) },
  {
    op: 'matmul',
    name: `${m}×${k}×${n}, both transposed`,
    f: (a, b) => matmul(a, b, { transposeA: true, transposeB: true }),
    inputs: shapes([k, m], [n, k]),
  },
]);

const [B, T, I, H] = [37, 7, 19, 33];
const weights = (gates: number) => shapes([gates * H, I], [gates * H, H], [gates * H], [gates * H]);
const named = ([weightIh, weightHh, biasIh, biasHh]: Tensor[]) =>
  ({ weightIh, weightHh, biasIh, biasHh }) as { weightIh: Tensor; weightHh: Tensor; biasIh: Tensor; biasHh: Tensor };

/** Row b is real for 1 + b mod T steps. */
const mask = () => tensor(Array.from({ length: B }, (_, b) => Array.from({ length: T }, (_, t) => t <= b % T)));

const recurrent: OpCall[] = [false, true].flatMap((reverse) => [
  {
    op: 'lstm',
    name: reverse ? 'long, reverse' : 'long',
    f: (x, h, c, ...w) => lstm(x as Tensor, h as Tensor, c as Tensor, named(w), { mask: mask(), reverse }).output,
    inputs: [...shapes([B, T, I], [B, H], [B, H]), ...weights(4)],
  },
  {
    op: 'gru',
    name: reverse ? 'long, reverse' : 'long',
    f: (x, h, ...w) => gru(x as Tensor, h as Tensor, named(w), { mask: mask(), reverse }).output,
    inputs: [...shapes([B, T, I], [B, H]), ...weights(3)],
  },
]);

const wide = { shape: [129, 1001], domain: [-30, 30] as const };
const classes = () => tensor(Int32Array.from({ length: 129 }, (_, i) => (i * 37) % 1001));

/** Rows in the form of the op table that are too large for its gradient checks. */
export const awkward: OpCall[] = [
  ...products,
  ...recurrent,
  { op: 'linear', name: 'wide', f: (x, w, b) => linear(x, w, b), inputs: shapes([5, 13, 67], [201, 67], [201]) },
  { op: 'softmax', name: 'wide', f: (x) => softmax(x), inputs: [wide] },
  { op: 'softmax', name: 'long, middle axis', f: (x) => softmax(x, { axis: 1 }), inputs: shapes([3, 257, 5]) },
  { op: 'logSoftmax', name: 'wide', f: (x) => logSoftmax(x), inputs: [wide] },
  { op: 'crossEntropy', name: 'wide', f: (x) => crossEntropy(x, classes(), { ignoreIndex: 0, labelSmoothing: 0.1 }), inputs: [wide] },
  { op: 'layerNorm', name: 'wide', f: (x, weight, bias) => layerNorm(x, { weight, bias }), inputs: shapes([67, 301], [301], [301]) },
  { op: 'sum', name: 'all', f: (x) => sum(x), inputs: [wide] },
  { op: 'sum', name: 'columns', f: (x) => sum(x, { axis: 0 }), inputs: [wide] },
  {
    op: 'scaledDotProductAttention',
    name: 'long',
    f: (q, k, v) => scaledDotProductAttention(q as Tensor, k as Tensor, v as Tensor).output,
    inputs: shapes([2, 3, 131, 37], [2, 3, 259, 37], [2, 3, 259, 21]),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'long, causal',
    f: (q, k, v) => scaledDotProductAttention(q as Tensor, k as Tensor, v as Tensor, { causal: true }).output,
    inputs: shapes([3, 259, 37], [3, 259, 37], [3, 259, 37]),
  },
  { op: 'additiveScore', name: 'long', f: additiveScore, inputs: shapes([5, 11, 67], [5, 23, 67], [67]) },
];
