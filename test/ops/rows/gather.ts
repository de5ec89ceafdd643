import { unpick } from '../../../src/ops/gather.ts';
import { gather, pick, segmentSum } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { at, make, total } from '../plain.ts';
import type { OpRow } from '../row.ts';

const INDEX = [[2, 0, 2], [3, 2, 0]]; // biome-ignore format: rows
const PICKED = [[2, -1, 0], [3, 1, 0]]; // biome-ignore format: rows
const of = (table: number[][], i = 0, j = 0) => table[i]?.[j] as number;

const index = () => tensor(Int32Array.of(2, 0, 2, 3, 2, 0), { shape: [2, 3] });
const picked = () => tensor(Int32Array.of(2, -1, 0, 3, 1, 0), { shape: [2, 3] });

export const gathering: OpRow[] = [
  {
    op: 'gather',
    f: (x) => gather(x, index()),
    inputs: [{ shape: [4, 2, 3] }],
    value: (x) => make([2, 3, 2, 3], ([i, j, ...rest]) => at(x, [of(INDEX, i, j), ...rest])),
  },
  {
    op: 'segmentSum',
    f: (x) => segmentSum(x, index(), 5),
    inputs: [{ shape: [2, 3, 4] }],
    value: (x) => make([5, 4], ([k, c = 0]) => total(INDEX.flatMap((row, i) => row.map((own, j) => (own === k ? at(x, [i, j, c]) : 0))))),
  },
  {
    op: 'pick',
    f: (x) => pick(x, picked()),
    inputs: [{ shape: [2, 3, 4] }],
    value: (x) => make([2, 3], ([i = 0, j = 0]) => (of(PICKED, i, j) < 0 ? 0 : at(x, [i, j, of(PICKED, i, j)]))),
  },
  {
    op: 'pick',
    name: 'middle axis',
    f: (x) => pick(x, picked(), { axis: 1 }),
    inputs: [{ shape: [2, 4, 3] }],
    value: (x) => make([2, 3], ([i = 0, j = 0]) => (of(PICKED, i, j) < 0 ? 0 : at(x, [i, of(PICKED, i, j), j]))),
  },
  {
    op: 'unpick',
    f: (g) => unpick(g, picked(), [2, 3, 4], 2),
    inputs: [{ shape: [2, 3] }],
    value: (g) => make([2, 3, 4], ([i = 0, j = 0, k]) => (of(PICKED, i, j) === k ? at(g, [i, j]) : 0)),
  },
];
