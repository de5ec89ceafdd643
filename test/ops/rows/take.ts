import { addAlong, oneHot, straightThrough, take, takeAlong, tanh } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { type OpRow, weighed } from '../row.ts';

/** With places taken twice. */
const index = () => tensor(Int32Array.of(2, 0, 2, 3, 1, 1), { shape: [2, 3] });

export const taking: OpRow[] = [
  { op: 'take', f: (x) => weighed(take(x, index())), inputs: [{ shape: [2, 4, 3] }] },
  {
    op: 'take',
    name: 'two batch axes',
    f: (x) => weighed(take(x, tensor(Int32Array.of(1, 0, 3, 3, 2, 0), { shape: [2, 3, 1] }), { batch: 2 })),
    inputs: [{ shape: [2, 3, 4, 2] }],
  },
  { op: 'takeAlong', f: (x) => weighed(takeAlong(x, index())), inputs: [{ shape: [2, 4] }] },
  { op: 'takeAlong', name: 'first axis', f: (x) => weighed(takeAlong(x, index(), { axis: 0 })), inputs: [{ shape: [4, 3] }] },
  { op: 'addAlong', f: (x) => weighed(addAlong(x, index(), 5)), inputs: [{ shape: [2, 3] }] },
  // The value is the hard one's, the gradient goes to the soft one alone: once, where both come from x.
  { op: 'straightThrough', f: (x) => straightThrough(tanh(x), tanh(x)), inputs: [{ shape: [2, 3] }], reference: Math.tanh },
  { op: 'oneHot', f: () => oneHot(index(), 4), inputs: [] },
];
