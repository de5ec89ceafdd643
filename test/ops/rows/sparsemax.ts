import { sparsemax } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { alongAxis, type Plain, weighed as plainly, total, zip } from '../plain.ts';
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

/** By bisection: Σ max(x − τ, 0) falls in τ and is 1 somewhere between the largest less 1 and the largest. */
function sparsemaxOf(x: readonly number[]): number[] {
  let [low, high] = [Math.max(...x) - 1, Math.max(...x)];
  if (high === -Infinity) return x.map(() => 0);
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (total(x.map((v) => Math.max(v - middle, 0))) > 1) low = middle;
    else high = middle;
  }
  return x.map((v) => Math.max(v - low, 0));
}

export const sparsemaxes: OpRow[] = [
  { op: 'sparsemax', f: (x) => weighed(sparsemax(x)), inputs: [cube], value: (x) => plainly(alongAxis(x, 2, sparsemaxOf)) },
  {
    op: 'sparsemax',
    name: 'all in the support',
    f: (x) => weighed(sparsemax(x)),
    inputs: [{ ...cube, domain: [-0.1, 0.1] }],
    value: (x) => plainly(alongAxis(x, 2, sparsemaxOf)),
  },
  {
    op: 'sparsemax',
    name: 'middle axis',
    f: (x) => weighed(sparsemax(x, { axis: 1 })),
    inputs: [cube],
    value: (x) => plainly(alongAxis(x, 1, sparsemaxOf)),
  },
  {
    op: 'sparsemax',
    name: 'masked',
    f: (x) => weighed(sparsemax(x, { mask: mask() })),
    inputs: [cube],
    value: (x) => plainly(alongAxis(shut(x), 2, sparsemaxOf)),
  },
];
