import { argmax, argmin, max, mean, min, std, sum, toFloat, variance } from '../../../src/ops/index.ts';
import { fold, make, total } from '../plain.ts';
import type { OpRow } from '../row.ts';

const cube = { shape: [2, 3, 4] };

const spread = (list: readonly number[], correction: number) => {
  const middle = total(list) / list.length;
  return total(list.map((v) => (v - middle) ** 2)) / (list.length - correction);
};

export const reductions: OpRow[] = [
  { op: 'min', f: (x) => min(x, { axis: 1 }), inputs: [cube], value: (x) => fold(x, 1, (line) => Math.min(...line)) },
  {
    op: 'min',
    name: 'of all, kept',
    f: (x) => min(x, { keepDims: true }),
    inputs: [cube],
    value: (x) => ({ shape: [1, 1, 1], values: [Math.min(...x.values)] }),
  },
  {
    op: 'argmin',
    f: (x) => toFloat(argmin(x, { axis: -1 })),
    inputs: [cube],
    differentiable: false,
    value: (x) => fold(x, 2, (line) => line.indexOf(Math.min(...line))),
  },
  { op: 'variance', f: (x) => variance(x, { axis: 1 }), inputs: [cube], value: (x) => fold(x, 1, (line) => spread(line, 1)) },
  {
    op: 'variance',
    name: 'of all there is, two axes, kept',
    f: (x) => variance(x, { axis: [0, 2], keepDims: true, correction: 0 }),
    inputs: [cube],
    value: (x) =>
      make([1, 3, 1], ([, j]) =>
        spread(
          x.values.filter((_, i) => Math.floor(i / 4) % 3 === j),
          0,
        ),
      ),
  },
  { op: 'std', f: (x) => std(x), inputs: [cube], value: (x) => ({ shape: [], values: [Math.sqrt(spread(x.values, 1))] }) },
  { op: 'sum', f: (x) => sum(x), inputs: [cube], value: (x) => ({ shape: [], values: [total(x.values)] }) },
  {
    op: 'sum',
    name: 'two axes',
    f: (x) => sum(x, { axis: [0, -1] }),
    inputs: [cube],
    value: (x) => make([3], ([j]) => total(x.values.filter((_, i) => Math.floor(i / 4) % 3 === j))),
  },
  {
    op: 'sum',
    name: 'kept',
    f: (x) => sum(x, { axis: 1, keepDims: true }),
    inputs: [cube],
    value: (x) => ({ shape: [2, 1, 4], values: fold(x, 1, total).values }),
  },
  {
    op: 'mean',
    f: (x) => mean(x, { axis: [1, 2] }),
    inputs: [cube],
    value: (x) => make([2], ([i = 0]) => total(x.values.slice(12 * i, 12 * (i + 1))) / 12),
  },
  { op: 'max', f: (x) => max(x, { axis: 1 }), inputs: [cube], value: (x) => fold(x, 1, (line) => Math.max(...line)) },
  {
    op: 'max',
    name: 'of all, kept',
    f: (x) => max(x, { keepDims: true }),
    inputs: [cube],
    value: (x) => ({ shape: [1, 1, 1], values: [Math.max(...x.values)] }),
  },
  {
    op: 'argmax',
    f: (x) => toFloat(argmax(x, { axis: -1 })),
    inputs: [cube],
    differentiable: false,
    value: (x) => fold(x, 2, (line) => line.indexOf(Math.max(...line))),
  },
];
