import { entropy } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { fold, type Plain, weighed as plainly, softmaxOf, total, zip } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

/** Nothing true in the second row, one choice in the third. */
const mask = () =>
  tensor([
    [true, false, true, true, true],
    [false, false, false, false, false],
    [false, true, false, false, false],
  ]);

/** The mask, in numbers. */
const shut = (x: Plain): Plain =>
  zip((m, v) => (m ? v : -Infinity) as number, { shape: [3, 5], values: [1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0] }, x);

const entropyOf = (x: readonly number[]) => -total(softmaxOf(x).map((p) => (p > 0 ? p * Math.log(p) : 0)));

export const entropies: OpRow[] = [
  { op: 'entropy', f: (x) => weighed(entropy(x)), inputs: [{ shape: [2, 3, 5] }], value: (x) => plainly(fold(x, 2, entropyOf)) },
  {
    op: 'entropy',
    name: 'masked',
    f: (x) => weighed(entropy(x, { mask: mask() })),
    inputs: [{ shape: [2, 3, 5] }],
    value: (x) => plainly(fold(shut(x), 2, entropyOf)),
  },
];
