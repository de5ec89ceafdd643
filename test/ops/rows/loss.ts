import { binaryCrossEntropyWithLogits, crossEntropy, l1Loss, mseLoss, nllLoss, smoothL1Loss } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { type Plain, range, total, zip } from '../plain.ts';
import type { OpRow } from '../row.ts';

const logits = { shape: [2, 3, 5] };
const target = () => tensor(Int32Array.of(4, 0, 2, 0, 1, 3), { shape: [2, 3] });
const two = [{ shape: [3, 4] }, { shape: [3, 4] }];

const huber = (x: number, t: number) => (Math.abs(x - t) < 0.7 ? (x - t) ** 2 / 1.4 : Math.abs(x - t) - 0.35);
const binary = (x: number, t: number) => Math.log1p(Math.exp(-x)) * t + Math.log1p(Math.exp(x)) * (1 - t);

const TARGET = [4, 0, 2, 0, 1, 3];

/** The six rows of log-probabilities, or of what is taken for them. */
const rowsOf = ({ values }: Plain) => range(6).map((r) => values.slice(5 * r, 5 * r + 5));
const logsOf = (row: readonly number[]) => row.map((v) => v - Math.log(total(row.map(Math.exp))));
const each = (x: Plain, e = 0) =>
  rowsOf(x).map((row, r) => -(1 - e) * (logsOf(row)[TARGET[r] as number] as number) - (e / 5) * total(logsOf(row)));
const known = (losses: number[]) => losses.filter((_, r) => TARGET[r] !== 0);
const one = (value: number): Plain => ({ shape: [], values: [value] });
const mean = (values: readonly number[]) => one(total(values) / values.length);

export const losses: OpRow[] = [
  { op: 'crossEntropy', f: (x) => crossEntropy(x, target()), inputs: [logits], value: (x) => mean(each(x)) },
  {
    op: 'crossEntropy',
    name: 'ignoring',
    f: (x) => crossEntropy(x, target(), { ignoreIndex: 0, reduction: 'sum' }),
    inputs: [logits],
    value: (x) => one(total(known(each(x)))),
  },
  {
    op: 'crossEntropy',
    name: 'smoothed',
    f: (x) => crossEntropy(x, target(), { ignoreIndex: 0, labelSmoothing: 0.1 }),
    inputs: [logits],
    value: (x) => mean(known(each(x, 0.1))),
  },
  {
    op: 'nllLoss',
    f: (x) => nllLoss(x, target(), { ignoreIndex: 2, reduction: 'none' }),
    inputs: [logits],
    value: (x) => ({ shape: [2, 3], values: rowsOf(x).map((row, r) => (TARGET[r] === 2 ? 0 : -(row[TARGET[r] as number] as number))) }),
  },
  { op: 'mseLoss', f: (x, t) => mseLoss(x, t), inputs: two, value: (x, t) => mean(zip((a, b) => (a - b) ** 2, x, t).values) },
  {
    op: 'l1Loss',
    f: (x, t) => l1Loss(x, t, { reduction: 'none' }),
    inputs: two,
    reference: (x, t) => Math.abs(x - t),
    value: (x, t) => zip((a, b) => Math.abs(a - b), x, t),
  },
  {
    op: 'smoothL1Loss',
    f: (x, t) => smoothL1Loss(x, t, { beta: 0.7, reduction: 'none' }),
    inputs: two,
    reference: huber,
    value: (x, t) => zip(huber, x, t),
  },
  {
    op: 'binaryCrossEntropyWithLogits',
    f: (x, t) => binaryCrossEntropyWithLogits(x, t, { reduction: 'none' }),
    inputs: [{ shape: [3, 4] }, { shape: [3, 4], domain: [0, 1] }],
    reference: binary,
    value: (x, t) => zip(binary, x, t),
  },
];
