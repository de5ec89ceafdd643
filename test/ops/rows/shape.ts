import { concat, flip, permute, place, reshape, select, slice, stack, transpose, tril, triu, unstack } from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { at, drop, type Index, insert, make, put, shaped } from '../plain.ts';
import type { OpRow } from '../row.ts';

const cube = { shape: [2, 3, 4] };

export const shaping: OpRow[] = [
  { op: 'reshape', f: (x) => reshape(x, [4, -1]), inputs: [cube], value: (x) => shaped([4, 6], x) },
  {
    op: 'permute',
    f: (x) => permute(x, [2, 0, 1]),
    inputs: [cube],
    value: (x) => make([4, 2, 3], ([a, b, c]) => at(x, [b, c, a] as Index)),
  },
  {
    op: 'permute',
    name: 'six axes',
    f: (x) => permute(x, [5, 3, 1, 4, 2, 0]),
    inputs: [{ shape: [2, 3, 2, 2, 3, 2] }],
    value: (x) => make([2, 2, 3, 3, 2, 2], ([a, b, c, d, e, g]) => at(x, [g, c, e, b, d, a] as Index)),
  },
  {
    op: 'transpose',
    f: (x) => transpose(x, 0, 2),
    inputs: [cube],
    value: (x) => make([4, 3, 2], ([a, b, c]) => at(x, [c, b, a] as Index)),
  },
  {
    op: 'slice',
    f: (x) => slice(x, 1, 1, 3),
    inputs: [cube],
    value: (x) => make([2, 2, 4], ([i, j = 0, k]) => at(x, [i, j + 1, k] as Index)),
  },
  {
    op: 'slice',
    name: 'from the end',
    f: (x) => slice(x, -1, -2),
    inputs: [cube],
    value: (x) => make([2, 3, 2], ([i, j, k = 0]) => at(x, [i, j, k + 2] as Index)),
  },
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
  {
    op: 'place',
    f: (x) => place(x, 1, 2, 7),
    inputs: [cube],
    value: (x) =>
      make([2, 7, 4], (index) =>
        (index[1] as number) >= 2 && (index[1] as number) < 5 ? at(x, put(index, 1, (index[1] as number) - 2)) : 0,
      ),
  },
  { op: 'select', f: (x) => select(x, 1, -1), inputs: [cube], value: (x) => make([2, 4], (index) => at(x, insert(index, 1, 2))) },
  {
    op: 'concat',
    f: (a, b, c) => concat([a, b, c], 1),
    inputs: [cube, { shape: [2, 1, 4] }, { shape: [2, 0, 4] }],
    value: (a, b) => make([2, 4, 4], (index) => (index[1] === 3 ? at(b, put(index, 1, 0)) : at(a, index))),
  },
  {
    op: 'concat',
    name: 'one tensor twice',
    f: (a) => concat([a, a], -1),
    inputs: [cube],
    value: (a) => make([2, 3, 8], (index) => at(a, put(index, 2, (index[2] as number) % 4))),
  },
  {
    op: 'stack',
    f: (a, b) => stack([a, b], 1),
    inputs: [cube, cube],
    value: (a, b) => make([2, 2, 3, 4], (index) => at(index[1] === 0 ? a : b, drop(index, 1))),
  },
  {
    op: 'unstack',
    f: (x) => concat(unstack(x, 1).reverse(), 1),
    inputs: [cube],
    value: (x) => make([2, 12], ([i = 0, j = 0]) => at(x, [i, 2 - Math.floor(j / 4), j % 4])),
  },
  {
    op: 'unstack',
    name: 'some of them, one twice',
    f: (x) => {
      const parts = unstack(x, 2);
      return concat([1, 1, 3].map((i) => parts[i] as Tensor));
    },
    inputs: [cube],
    value: (x) => make([6, 3], ([i = 0, j = 0]) => at(x, [i % 2, j, [1, 1, 3][Math.floor(i / 2)] as number])),
  },
  {
    op: 'tril',
    f: (x) => tril(x),
    inputs: [cube],
    value: (x) => make([2, 3, 4], (index) => ((index[2] as number) <= (index[1] as number) ? at(x, index) : 0)),
  },
  {
    op: 'tril',
    name: 'below the diagonal',
    f: (x) => tril(x, { offset: -1 }),
    inputs: [cube],
    value: (x) => make([2, 3, 4], (index) => ((index[2] as number) < (index[1] as number) ? at(x, index) : 0)),
  },
  {
    op: 'triu',
    f: (x) => triu(x, { offset: 1 }),
    inputs: [cube],
    value: (x) => make([2, 3, 4], (index) => ((index[2] as number) > (index[1] as number) ? at(x, index) : 0)),
  },
  {
    op: 'flip',
    f: (x) => flip(x, 1),
    inputs: [cube],
    value: (x) => make([2, 3, 4], (index) => at(x, put(index, 1, 2 - (index[1] as number)))),
  },
];
