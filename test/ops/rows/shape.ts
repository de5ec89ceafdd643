import { concat, flip, permute, place, reshape, select, slice, stack, transpose, unstack } from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { at, make } from '../plain.ts';
import type { OpRow } from '../row.ts';

const cube = { shape: [2, 3, 4] };

export const shaping: OpRow[] = [
  { op: 'reshape', f: (x) => reshape(x, [4, -1]), inputs: [cube] },
  { op: 'permute', f: (x) => permute(x, [2, 0, 1]), inputs: [cube] },
  { op: 'permute', name: 'six axes', f: (x) => permute(x, [5, 3, 1, 4, 2, 0]), inputs: [{ shape: [2, 3, 2, 2, 3, 2] }] },
  { op: 'transpose', f: (x) => transpose(x, 0, 2), inputs: [cube] },
  { op: 'slice', f: (x) => slice(x, 1, 1, 3), inputs: [cube] },
  { op: 'slice', name: 'from the end', f: (x) => slice(x, -1, -2), inputs: [cube] },
  {
    op: 'slice',
    name: 'in steps',
    f: (x) => slice(x, 2, 1, undefined, { step: 2 }),
    inputs: [cube],
    value: (x) => make([2, 3, 2], ([i, j, k]) => at(x, [i, j, 1 + 2 * (k as number)] as number[])),
  },
  {
    op: 'slice',
    name: 'backwards',
    f: (x) => slice(x, 1, -1, undefined, { step: -1 }),
    inputs: [cube],
    value: (x) => make([2, 3, 4], ([i, j, k]) => at(x, [i, 2 - (j as number), k] as number[])),
  },
  {
    op: 'slice',
    name: 'backwards in steps, to before an index',
    f: (x) => slice(x, -1, 3, 0, { step: -2 }),
    inputs: [cube],
    value: (x) => make([2, 3, 2], ([i, j, k]) => at(x, [i, j, 3 - 2 * (k as number)] as number[])),
  },
  { op: 'place', f: (x) => place(x, 1, 2, 7), inputs: [cube] },
  { op: 'select', f: (x) => select(x, 1, -1), inputs: [cube] },
  { op: 'concat', f: (a, b, c) => concat([a, b, c], 1), inputs: [cube, { shape: [2, 1, 4] }, { shape: [2, 0, 4] }] },
  { op: 'concat', name: 'one tensor twice', f: (a) => concat([a, a], -1), inputs: [cube] },
  { op: 'stack', f: (a, b) => stack([a, b], 1), inputs: [cube, cube] },
  { op: 'unstack', f: (x) => concat(unstack(x, 1).reverse(), 1), inputs: [cube] },
  {
    op: 'unstack',
    name: 'some of them, one twice',
    f: (x) => {
      const parts = unstack(x, 2);
      return concat([1, 1, 3].map((i) => parts[i] as Tensor));
    },
    inputs: [cube],
  },
  { op: 'flip', f: (x) => flip(x, 1), inputs: [cube] },
];
