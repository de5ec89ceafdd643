import { conv1d, windows } from '../../../src/ops/index.ts';
import { type OpRow, weighed } from '../row.ts';

const [x, weight, bias] = [{ shape: [2, 6, 3] }, { shape: [4, 3, 3] }, { shape: [4] }];

export const convolving: OpRow[] = [
  { op: 'windows', f: (x) => weighed(windows(x, 3, 1)), inputs: [x] },
  { op: 'windows', name: 'last axis', f: (x) => weighed(windows(x, 2, -1)), inputs: [x] },
  { op: 'windows', name: 'of all, first axis', f: (x) => weighed(windows(x, 2, 0)), inputs: [x] },
  { op: 'conv1d', f: (x, w, b) => weighed(conv1d(x, w, b)), inputs: [x, weight, bias] },
  { op: 'conv1d', name: 'same length', f: (x, w) => weighed(conv1d(x, w, undefined, { padding: 'same' })), inputs: [x, weight] },
  { op: 'conv1d', name: 'causal', f: (x, w, b) => weighed(conv1d(x, w, b, { padding: 'causal' })), inputs: [x, weight, bias] },
  {
    op: 'conv1d',
    name: 'one channel, longer than x',
    f: (x, w) => weighed(conv1d(x, w, undefined, { padding: 4 })),
    inputs: [{ shape: [2, 5, 1] }, { shape: [3, 1, 9] }],
  },
];
