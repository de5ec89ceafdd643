import { cumprod, cumsum, linearScan, monotonicWeights } from '../../../src/ops/index.ts';
import { type OpRow, weighed } from '../row.ts';

const cube = { shape: [2, 4, 3] };
const two = [cube, cube];

export const scanning: OpRow[] = [
  { op: 'linearScan', f: (x, a) => weighed(linearScan(x, a)), inputs: two },
  { op: 'linearScan', name: 'middle axis, reverse', f: (x, a) => weighed(linearScan(x, a, { axis: 1, reverse: true })), inputs: two },
  { op: 'cumsum', f: (x) => weighed(cumsum(x)), inputs: [cube] },
  { op: 'cumsum', name: 'exclusive, first axis', f: (x) => weighed(cumsum(x, { axis: 0, exclusive: true })), inputs: [cube] },
  { op: 'cumsum', name: 'exclusive, reverse', f: (x) => weighed(cumsum(x, { axis: 1, exclusive: true, reverse: true })), inputs: [cube] },
  { op: 'cumprod', f: (x) => weighed(cumprod(x)), inputs: [cube] },
  { op: 'cumprod', name: 'exclusive, middle axis', f: (x) => weighed(cumprod(x, { axis: 1, exclusive: true })), inputs: [cube] },
  { op: 'cumprod', name: 'exclusive, reverse', f: (x) => weighed(cumprod(x, { exclusive: true, reverse: true })), inputs: [cube] },
  {
    op: 'monotonicWeights',
    f: (p, previous) => weighed(monotonicWeights(p, previous)),
    inputs: [
      { shape: [2, 5], domain: [0, 1] },
      { shape: [2, 5], domain: [0, 1] },
    ],
  },
];
