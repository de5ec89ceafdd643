import { argsort, sort, toFloat, topk } from '../../../src/ops/index.ts';
import { alongAxis, at, fold, make, type Plain, put, range } from '../plain.ts';
import type { OpRow } from '../row.ts';

const cube = { shape: [2, 5, 3] };

/** Places of a line in order, by taking the best of what is left, the first of equals. */
function placesOf(line: readonly number[], better: (a: number, b: number) => boolean): number[] {
  const left = range(line.length);
  return range(line.length).map(() => {
    const best = left.reduce((most, i) => (better(line[i] as number, line[most] as number) ? i : most));
    left.splice(left.indexOf(best), 1);
    return best;
  });
}

const below = (a: number, b: number) => a < b;
const above = (a: number, b: number) => a > b;
const ordered = (x: Plain, axis: number, better = below) =>
  alongAxis(x, axis, (line) => placesOf(line, better).map((i) => line[i] as number));
const first = (x: Plain, axis: number, k: number) =>
  make(
    x.shape.map((n, i) => (i === axis ? k : n)),
    (index) => at(x, put(index, axis, index[axis] as number)),
  );

export const ordering: OpRow[] = [
  { op: 'sort', f: (x) => sort(x), inputs: [cube], value: (x) => ordered(x, 2) },
  {
    op: 'sort',
    name: 'descending, middle axis',
    f: (x) => sort(x, { axis: 1, descending: true }),
    inputs: [cube],
    value: (x) => ordered(x, 1, above),
  },
  {
    op: 'argsort',
    f: (x) => toFloat(argsort(x)),
    inputs: [cube],
    differentiable: false,
    value: (x) => alongAxis(x, 2, (line) => placesOf(line, below)),
  },
  {
    op: 'argsort',
    name: 'descending, first axis',
    f: (x) => toFloat(argsort(x, { axis: 0, descending: true })),
    inputs: [cube],
    differentiable: false,
    value: (x) => alongAxis(x, 0, (line) => placesOf(line, above)),
  },
  { op: 'topk', f: (x) => topk(x, 2).values, inputs: [cube], value: (x) => first(ordered(x, 2, above), 2, 2) },
  {
    op: 'topk',
    name: 'smallest, middle axis',
    f: (x) => topk(x, 3, { axis: 1, largest: false }).values,
    inputs: [cube],
    value: (x) => first(ordered(x, 1), 1, 3),
  },
  {
    op: 'topk',
    name: 'one',
    f: (x) => topk(x, 1).values,
    inputs: [cube],
    value: (x) => ({ shape: [2, 5, 1], values: fold(x, 2, (line) => Math.max(...line)).values }),
  },
];
