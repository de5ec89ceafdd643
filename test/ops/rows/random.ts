import { categorical, dropout, gumbel, normal, uniform } from '../../../src/ops/index.ts';
import { key } from '../../../src/tensor/random.ts';
import { type Plain, range } from '../plain.ts';
import type { OpRow } from '../row.ts';
import { threefry } from '../threefry.ts';

const words = (seed: number, i: number) => threefry(0, seed, 0, i);
/** 24 bits of a word, in [0, 1). */
const closed = (word: number) => (word >>> 8) / 2 ** 24;
/** 23 bits, in (0, 1). */
const open = (word: number) => ((word >>> 9) + 0.5) / 2 ** 23;
const drawn = (shape: number[], f: (i: number) => number): Plain => ({ shape, values: range(shape.reduce((p, n) => p * n, 1)).map(f) });
const gumbelAt = (seed: number, i: number) => -Math.log(-Math.log(open(words(seed, i)[0])));
const normalAt = (i: number) => {
  const [u, v] = words(2, i);
  return 1 + 2 * Math.sqrt(-2 * Math.log(open(u))) * Math.cos(2 * Math.PI * closed(v));
};
const chosen = (x: Plain, r: number) => {
  const noisy = range(5).map((j) => (x.values[5 * r + j] as number) + gumbelAt(4, 5 * r + j));
  return noisy.indexOf(Math.max(...noisy));
};

// What else is drawn is tested in test/tensor/random.test.ts.
export const drawing: OpRow[] = [
  {
    op: 'uniform',
    f: () => uniform(key(1), [3, 5], { low: -1, high: 3 }),
    inputs: [],
    value: () => drawn([3, 5], (i) => -1 + 4 * closed(words(1, i)[0])),
  },
  { op: 'normal', f: () => normal(key(2), [3, 5], { mean: 1, std: 2 }), inputs: [], value: () => drawn([3, 5], normalAt) },
  { op: 'gumbel', f: () => gumbel(key(3), [3, 5]), inputs: [], value: () => drawn([3, 5], (i) => gumbelAt(3, i)) },
  {
    op: 'categorical',
    f: (logits) => categorical(key(4), logits),
    inputs: [{ shape: [2, 3, 5] }],
    differentiable: false,
    value: (x) => drawn([2, 3], (r) => chosen(x, r)),
  },
  {
    op: 'dropout',
    f: (x) => dropout(x, 0.4, key(5)),
    inputs: [{ shape: [3, 5] }],
    value: (x) => drawn([3, 5], (i) => (closed(words(5, i)[0]) >= 0.4 ? (x.values[i] as number) / 0.6 : 0)),
  },
  { op: 'dropout', name: 'of nothing', f: (x) => dropout(x, 0, key(5)), inputs: [{ shape: [3, 5] }], value: (x) => x },
];
