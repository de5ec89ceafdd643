import { add, expand, neg, sumTo } from '../../../src/ops/index.ts';
import type { OpRow } from '../row.ts';

export const elementwise: OpRow[] = [
  { op: 'neg', f: neg, inputs: [{ shape: [2, 3] }], reference: (x) => -x },
  { op: 'add', f: add, inputs: [{ shape: [2, 3] }, { shape: [2, 3] }], reference: (a, b) => a + b },
  { op: 'add', name: 'stretched', f: add, inputs: [{ shape: [4, 1, 3] }, { shape: [2, 1] }] },
  { op: 'expand', f: (x) => expand(x, [4, 2, 3]), inputs: [{ shape: [2, 1] }] },
  { op: 'sumTo', f: (x) => sumTo(x, [3, 1]), inputs: [{ shape: [2, 3, 4] }] },
];
