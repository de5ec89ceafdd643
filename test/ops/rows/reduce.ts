import { argmax, max, mean, sum, toFloat } from '../../../src/ops/index.ts';
import type { OpRow } from '../row.ts';

const cube = { shape: [2, 3, 4] };

export const reductions: OpRow[] = [
  { op: 'sum', f: (x) => sum(x), inputs: [cube] },
  { op: 'sum', name: 'two axes', f: (x) => sum(x, { axis: [0, -1] }), inputs: [cube] },
  { op: 'sum', name: 'kept', f: (x) => sum(x, { axis: 1, keepDims: true }), inputs: [cube] },
  { op: 'mean', f: (x) => mean(x, { axis: [1, 2] }), inputs: [cube] },
  { op: 'max', f: (x) => max(x, { axis: 1 }), inputs: [cube] },
  { op: 'max', name: 'of all, kept', f: (x) => max(x, { keepDims: true }), inputs: [cube] },
  { op: 'argmax', f: (x) => toFloat(argmax(x, { axis: -1 })), inputs: [cube], differentiable: false },
];
