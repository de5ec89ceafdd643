import { batchGather, oneHot, scatterAddAlongAxis, straightThrough, takeAlongAxis, tanh } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { at, make, weighed as plainly, total } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

const INDEX = [[2, 0, 2], [3, 1, 1]]; // biome-ignore format: rows
const of = (i = 0, j = 0) => INDEX[i]?.[j] as number;

/** With places taken twice. */
const index = () => tensor(Int32Array.of(2, 0, 2, 3, 1, 1), { shape: [2, 3] });

export const taking: OpRow[] = [
  {
    op: 'batchGather',
    f: (x) => weighed(batchGather(x, index())),
    inputs: [{ shape: [2, 4, 3] }],
    value: (x) => plainly(make([2, 3, 3], ([b = 0, k, c = 0]) => at(x, [b, of(b, k), c]))),
  },
  {
    op: 'batchGather',
    name: 'two batch axes',
    f: (x) => weighed(batchGather(x, tensor(Int32Array.of(1, 0, 3, 3, 2, 0), { shape: [2, 3, 1] }), { batchDims: 2 })),
    inputs: [{ shape: [2, 3, 4, 2] }],
    value: (x) => plainly(make([2, 3, 1, 2], ([a = 0, b = 0, , c = 0]) => at(x, [a, b, [1, 0, 3, 3, 2, 0][3 * a + b] as number, c]))),
  },
  {
    op: 'takeAlongAxis',
    f: (x) => weighed(takeAlongAxis(x, index())),
    inputs: [{ shape: [2, 4] }],
    value: (x) => plainly(make([2, 3], ([i = 0, j]) => at(x, [i, of(i, j)]))),
  },
  {
    op: 'takeAlongAxis',
    name: 'first axis',
    f: (x) => weighed(takeAlongAxis(x, index(), { axis: 0 })),
    inputs: [{ shape: [4, 3] }],
    value: (x) => plainly(make([2, 3], ([i, j = 0]) => at(x, [of(i, j), j]))),
  },
  {
    op: 'scatterAddAlongAxis',
    f: (x) => weighed(scatterAddAlongAxis(x, index(), 5)),
    inputs: [{ shape: [2, 3] }],
    value: (x) => plainly(make([2, 5], ([i = 0, n]) => total([0, 1, 2].map((j) => (of(i, j) === n ? at(x, [i, j]) : 0))))),
  },
  // The value is the hard one's, the gradient goes to the soft one alone: once, where both come from x.
  {
    op: 'straightThrough',
    f: (x) => straightThrough(tanh(x), tanh(x)),
    inputs: [{ shape: [2, 3] }],
    reference: Math.tanh,
    value: (x) => make([2, 3], (index) => Math.tanh(at(x, index))),
  },
  { op: 'oneHot', f: () => oneHot(index(), 4), inputs: [], value: () => make([2, 3, 4], ([i, j, k]) => (of(i, j) === k ? 1 : 0)) },
];
