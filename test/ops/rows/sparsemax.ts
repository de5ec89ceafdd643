import { sparsemax } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { type OpRow, weighed } from '../row.ts';

const cube = { shape: [2, 3, 5] };

/** Nothing true in the second row. */
const mask = () =>
  tensor([
    [true, false, true, true, true],
    [false, false, false, false, false],
    [true, true, false, false, true],
  ]);

export const sparsemaxes: OpRow[] = [
  { op: 'sparsemax', f: (x) => weighed(sparsemax(x)), inputs: [cube] },
  { op: 'sparsemax', name: 'all in the support', f: (x) => weighed(sparsemax(x)), inputs: [{ ...cube, domain: [-0.1, 0.1] }] },
  { op: 'sparsemax', name: 'middle axis', f: (x) => weighed(sparsemax(x, { axis: 1 })), inputs: [cube] },
  { op: 'sparsemax', name: 'masked', f: (x) => weighed(sparsemax(x, { mask: mask() })), inputs: [cube] },
];
