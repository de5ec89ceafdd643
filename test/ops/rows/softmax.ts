import { logSoftmax, logSumExp, softmax } from '../../../src/ops/index.ts';
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

export const softmaxes: OpRow[] = [
  { op: 'softmax', f: (x) => weighed(softmax(x)), inputs: [cube] },
  { op: 'softmax', name: 'middle axis', f: (x) => weighed(softmax(x, { axis: 1 })), inputs: [cube] },
  { op: 'softmax', name: 'masked', f: (x) => weighed(softmax(x, { mask: mask() })), inputs: [cube] },
  { op: 'softmax', name: 'masked, first axis', f: (x) => weighed(softmax(x, { axis: 0, mask: mask() })), inputs: [cube] },
  { op: 'logSoftmax', f: (x) => logSoftmax(x), inputs: [cube] },
  { op: 'logSoftmax', name: 'first axis', f: (x) => logSoftmax(x, { axis: 0 }), inputs: [cube] },
  { op: 'logSumExp', f: (x) => logSumExp(x), inputs: [cube] },
  { op: 'logSumExp', name: 'first axis, kept', f: (x) => logSumExp(x, { axis: 0, keepDims: true }), inputs: [cube] },
];
