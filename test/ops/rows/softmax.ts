import { logSoftmax, logSumExp, softmax } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { alongAxis, fold, logSumExpOf, type Plain, weighed as plainly, softmaxOf, zip } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

const cube = { shape: [2, 3, 5] };

/** Nothing true in the second row. */
const mask = () =>
  tensor([
    [true, false, true, true, true],
    [false, false, false, false, false],
    [true, true, false, false, true],
  ]);

/** The mask, in numbers. */
const shut = (x: Plain): Plain =>
  zip((m, v) => (m ? v : -Infinity) as number, { shape: [3, 5], values: [1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1] }, x);

const logSoftmaxOf = (x: readonly number[]) => x.map((v) => v - logSumExpOf(x));

export const softmaxes: OpRow[] = [
  { op: 'softmax', f: (x) => weighed(softmax(x)), inputs: [cube], value: (x) => plainly(alongAxis(x, 2, softmaxOf)) },
  {
    op: 'softmax',
    name: 'middle axis',
    f: (x) => weighed(softmax(x, { axis: 1 })),
    inputs: [cube],
    value: (x) => plainly(alongAxis(x, 1, softmaxOf)),
  },
  {
    op: 'softmax',
    name: 'masked',
    f: (x) => weighed(softmax(x, { mask: mask() })),
    inputs: [cube],
    value: (x) => plainly(alongAxis(shut(x), 2, softmaxOf)),
  },
  {
    op: 'softmax',
    name: 'masked, first axis',
    f: (x) => weighed(softmax(x, { axis: 0, mask: mask() })),
    inputs: [cube],
    value: (x) => plainly(alongAxis(shut(x), 0, softmaxOf)),
  },
  { op: 'logSoftmax', f: (x) => logSoftmax(x), inputs: [cube], value: (x) => alongAxis(x, 2, logSoftmaxOf) },
  {
    op: 'logSoftmax',
    name: 'first axis',
    f: (x) => logSoftmax(x, { axis: 0 }),
    inputs: [cube],
    value: (x) => alongAxis(x, 0, logSoftmaxOf),
  },
  { op: 'logSumExp', f: (x) => logSumExp(x), inputs: [cube], value: (x) => fold(x, 2, logSumExpOf) },
  {
    op: 'logSumExp',
    name: 'first axis, kept',
    f: (x) => logSumExp(x, { axis: 0, keepDims: true }),
    inputs: [cube],
    value: (x) => ({ shape: [1, 3, 5], values: fold(x, 0, logSumExpOf).values }),
  },
];
