import { layerNorm } from '../../../src/ops/index.ts';
import { type OpRow, weighed } from '../row.ts';

const x = { shape: [2, 3, 5] };
const row = { shape: [5] };

export const normalising: OpRow[] = [
  { op: 'layerNorm', f: (x) => weighed(layerNorm(x)), inputs: [x] },
  {
    op: 'layerNorm',
    name: 'weight and bias',
    f: (x, weight, bias) => weighed(layerNorm(x, { weight, bias })),
    inputs: [x, row, row],
  },
  { op: 'layerNorm', name: 'bias', f: (x, bias) => weighed(layerNorm(x, { bias, eps: 0.1 })), inputs: [x, row] },
];
