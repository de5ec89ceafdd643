import { linear, matmul } from '../../../src/ops/index.ts';
import { at, common, make, type Plain, range, total } from '../plain.ts';
import type { OpRow } from '../row.ts';

const shapes = (...list: number[][]) => list.map((shape) => ({ shape }));

/** By definition, the axes before the last two stretched. */
function productOf(a: Plain, b: Plain, turnA = false, turnB = false): Plain {
  const [m, k] = turnA ? [a.shape.at(-1), a.shape.at(-2)] : [a.shape.at(-2), a.shape.at(-1)];
  const n = turnB ? b.shape.at(-2) : b.shape.at(-1);
  const lead = common(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return make([...lead, m as number, n as number], (index) => {
    const [before, i, j] = [index.slice(0, -2), index.at(-2) as number, index.at(-1) as number];
    const left = (l: number) => at(a, [...before, ...(turnA ? [l, i] : [i, l])]);
    const right = (l: number) => at(b, [...before, ...(turnB ? [j, l] : [l, j])]);
    return total(range(k as number).map((l) => left(l) * right(l)));
  });
}

const linearOf = (x: Plain, w: Plain, bias?: Plain): Plain =>
  make([...x.shape.slice(0, -1), w.shape[0] as number], (index) => {
    const o = index.at(-1) as number;
    return (bias?.values[o] ?? 0) + total(range(w.shape[1] as number).map((i) => at(x, [...index.slice(0, -1), i]) * at(w, [o, i])));
  });

export const products: OpRow[] = [
  { op: 'matmul', f: (a, b) => matmul(a, b), inputs: shapes([3, 5], [5, 9]), value: (a, b) => productOf(a, b) },
  {
    op: 'matmul',
    name: 'left transposed',
    f: (a, b) => matmul(a, b, { transposeA: true }),
    inputs: shapes([5, 3], [5, 9]),
    value: (a, b) => productOf(a, b, true),
  },
  {
    op: 'matmul',
    name: 'right transposed',
    f: (a, b) => matmul(a, b, { transposeB: true }),
    inputs: shapes([3, 5], [9, 5]),
    value: (a, b) => productOf(a, b, false, true),
  },
  {
    op: 'matmul',
    name: 'both transposed',
    f: (a, b) => matmul(a, b, { transposeA: true, transposeB: true }),
    inputs: shapes([5, 3], [9, 5]),
    value: (a, b) => productOf(a, b, true, true),
  },
  {
    op: 'matmul',
    name: 'batches',
    f: (a, b) => matmul(a, b),
    inputs: shapes([2, 3, 2, 4], [2, 3, 4, 3]),
    value: (a, b) => productOf(a, b),
  },
  {
    op: 'matmul',
    name: 'stretched batches',
    f: (a, b) => matmul(a, b),
    inputs: shapes([2, 1, 2, 4], [3, 4, 3]),
    value: (a, b) => productOf(a, b),
  },
  {
    op: 'matmul',
    name: 'stretched and transposed',
    f: (a, b) => matmul(a, b, { transposeA: true, transposeB: true }),
    inputs: shapes([4, 2], [2, 3, 4]),
    value: (a, b) => productOf(a, b, true, true),
  },
  {
    op: 'matmul',
    name: 'one right operand',
    f: (a, b) => matmul(a, b),
    inputs: shapes([2, 3, 4], [4, 5]),
    value: (a, b) => productOf(a, b),
  },
  {
    op: 'matmul',
    name: 'one right operand, transposed',
    f: (a, b) => matmul(a, b, { transposeB: true }),
    inputs: shapes([2, 3, 4], [5, 4]),
    value: (a, b) => productOf(a, b, false, true),
  },
  {
    op: 'matmul',
    name: 'one left operand for many',
    f: (a, b) => matmul(a, b),
    inputs: shapes([3, 4], [2, 4, 5]),
    value: (a, b) => productOf(a, b),
  },
  {
    op: 'matmul',
    name: 'left transposed in batches',
    f: (a, b) => matmul(a, b, { transposeA: true }),
    inputs: shapes([2, 4, 3], [4, 5]),
    value: (a, b) => productOf(a, b, true),
  },
  { op: 'matmul', name: 'no terms', f: (a, b) => matmul(a, b), inputs: shapes([2, 0], [0, 3]), value: (a, b) => productOf(a, b) },
  { op: 'matmul', name: 'no rows', f: (a, b) => matmul(a, b), inputs: shapes([2, 0, 3], [3, 2]), value: (a, b) => productOf(a, b) },
  { op: 'linear', f: (x, w, b) => linear(x, w, b), inputs: shapes([2, 3, 4], [5, 4], [5]), value: (x, w, b) => linearOf(x, w, b) },
  { op: 'linear', name: 'without bias', f: (x, w) => linear(x, w), inputs: shapes([3, 4], [5, 4]), value: (x, w) => linearOf(x, w) },
  {
    op: 'linear',
    name: 'one vector',
    f: (x, w, b) => linear(x, w, b),
    inputs: shapes([4], [5, 4], [5]),
    value: (x, w, b) => linearOf(x, w, b),
  },
];
