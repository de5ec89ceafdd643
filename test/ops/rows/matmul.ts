import { linear, matmul } from '../../../src/ops/index.ts';
import type { OpRow } from '../row.ts';

const shapes = (...list: number[][]) => list.map((shape) => ({ shape }));

export const products: OpRow[] = [
  { op: 'matmul', f: (a, b) => matmul(a, b), inputs: shapes([3, 5], [5, 9]) },
  { op: 'matmul', name: 'left transposed', f: (a, b) => matmul(a, b, { transposeA: true }), inputs: shapes([5, 3], [5, 9]) },
  { op: 'matmul', name: 'right transposed', f: (a, b) => matmul(a, b, { transposeB: true }), inputs: shapes([3, 5], [9, 5]) },
  {
    op: 'matmul',
    name: 'both transposed',
    f: (a, b) => matmul(a, b, { transposeA: true, transposeB: true }),
    inputs: shapes([5, 3], [9, 5]),
  },
  { op: 'matmul', name: 'batches', f: (a, b) => matmul(a, b), inputs: shapes([2, 3, 2, 4], [2, 3, 4, 3]) },
  { op: 'matmul', name: 'stretched batches', f: (a, b) => matmul(a, b), inputs: shapes([2, 1, 2, 4], [3, 4, 3]) },
  {
    op: 'matmul',
    name: 'stretched and transposed',
    f: (a, b) => matmul(a, b, { transposeA: true, transposeB: true }),
    inputs: shapes([4, 2], [2, 3, 4]),
  },
  { op: 'matmul', name: 'one right operand', f: (a, b) => matmul(a, b), inputs: shapes([2, 3, 4], [4, 5]) },
  {
    op: 'matmul',
    name: 'one right operand, transposed',
    f: (a, b) => matmul(a, b, { transposeB: true }),
    inputs: shapes([2, 3, 4], [5, 4]),
  },
  { op: 'matmul', name: 'one left operand for many', f: (a, b) => matmul(a, b), inputs: shapes([3, 4], [2, 4, 5]) },
  { op: 'matmul', name: 'left transposed in batches', f: (a, b) => matmul(a, b, { transposeA: true }), inputs: shapes([2, 4, 3], [4, 5]) },
  { op: 'matmul', name: 'no terms', f: (a, b) => matmul(a, b), inputs: shapes([2, 0], [0, 3]) },
  { op: 'matmul', name: 'no rows', f: (a, b) => matmul(a, b), inputs: shapes([2, 0, 3], [3, 2]) },
  { op: 'linear', f: (x, w, b) => linear(x, w, b), inputs: shapes([2, 3, 4], [5, 4], [5]) },
  { op: 'linear', name: 'without bias', f: (x, w) => linear(x, w), inputs: shapes([3, 4], [5, 4]) },
  { op: 'linear', name: 'one vector', f: (x, w, b) => linear(x, w, b), inputs: shapes([4], [5, 4], [5]) },
];
