import { entropy } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { type OpRow, weighed } from '../row.ts';

/** Nothing true in the second row, one choice in the third. */
const mask = () =>
  tensor([
    [true, false, true, true, true],
    [false, false, false, false, false],
    [false, true, false, false, false],
  ]);

export const entropies: OpRow[] = [
  { op: 'entropy', f: (x) => weighed(entropy(x)), inputs: [{ shape: [2, 3, 5] }] },
  { op: 'entropy', name: 'masked', f: (x) => weighed(entropy(x, { mask: mask() })), inputs: [{ shape: [2, 3, 5] }] },
];
