import { binaryCrossEntropyWithLogits, crossEntropy, l1Loss, mseLoss, nllLoss, smoothL1Loss } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { OpRow } from '../row.ts';

const logits = { shape: [2, 3, 5] };
const target = () => tensor(Int32Array.of(4, 0, 2, 0, 1, 3), { shape: [2, 3] });
const two = [{ shape: [3, 4] }, { shape: [3, 4] }];

export const losses: OpRow[] = [
  { op: 'crossEntropy', f: (x) => crossEntropy(x, target()), inputs: [logits] },
  { op: 'crossEntropy', name: 'ignoring', f: (x) => crossEntropy(x, target(), { ignoreIndex: 0, reduction: 'sum' }), inputs: [logits] },
  { op: 'crossEntropy', name: 'smoothed', f: (x) => crossEntropy(x, target(), { ignoreIndex: 0, labelSmoothing: 0.1 }), inputs: [logits] },
  { op: 'nllLoss', f: (x) => nllLoss(x, target(), { ignoreIndex: 2, reduction: 'none' }), inputs: [logits] },
  { op: 'mseLoss', f: (x, t) => mseLoss(x, t), inputs: two },
  { op: 'l1Loss', f: (x, t) => l1Loss(x, t, { reduction: 'none' }), inputs: two, reference: (x, t) => Math.abs(x - t) },
  {
    op: 'smoothL1Loss',
    f: (x, t) => smoothL1Loss(x, t, { beta: 0.7, reduction: 'none' }),
    inputs: two,
    reference: (x, t) => (Math.abs(x - t) < 0.7 ? (x - t) ** 2 / 1.4 : Math.abs(x - t) - 0.35),
  },
  {
    op: 'binaryCrossEntropyWithLogits',
    f: (x, t) => binaryCrossEntropyWithLogits(x, t, { reduction: 'none' }),
    inputs: [{ shape: [3, 4] }, { shape: [3, 4], domain: [0, 1] }],
    reference: (x, t) => Math.log1p(Math.exp(-x)) * t + Math.log1p(Math.exp(x)) * (1 - t),
  },
];
