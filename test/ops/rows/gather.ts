import { bagTable, bagWeights } from '../../../src/ops/bag.ts';
import { unpick } from '../../../src/ops/gather.ts';
import { embeddingBag, gather, pick, segmentSum } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { at, make, total } from '../plain.ts';
import type { OpRow } from '../row.ts';

const INDEX = [[2, 0, 2], [3, 2, 0]]; // biome-ignore format: rows
const PICKED = [[2, -1, 0], [3, 1, 0]]; // biome-ignore format: rows
const of = (table: number[][], i = 0, j = 0) => table[i]?.[j] as number;

const index = () => tensor(Int32Array.of(2, 0, 2, 3, 2, 0), { shape: [2, 3] });
const picked = () => tensor(Int32Array.of(2, -1, 0, 3, 1, 0), { shape: [2, 3] });

/** Σ over the places of bags (those that `wanted` names) whose index is not skipped. */
const bags = (term: (i: number, j: number, k: number) => number, wanted: (i: number, j: number, k: number) => boolean, skip = -1) =>
  total(INDEX.flatMap((row, i) => row.map((k, j) => (k !== skip && wanted(i, j, k) ? term(i, j, k) : 0))));

export const gathering: OpRow[] = [
  {
    op: 'embeddingBag',
    f: (x) => embeddingBag(x, index()),
    inputs: [{ shape: [4, 5] }],
    value: (x) =>
      make([2, 5], ([b = 0, d = 0]) =>
        bags(
          (_, __, k) => at(x, [k, d]),
          (i) => i === b,
        ),
      ),
  },
  {
    op: 'embeddingBag',
    name: 'weights and padding',
    f: (x, weights) => embeddingBag(x, index(), { weights, paddingIndex: 2 }),
    inputs: [{ shape: [4, 5] }, { shape: [3, 5] }],
    value: (x, w) =>
      make([2, 5], ([b = 0, d = 0]) =>
        bags(
          (_, j, k) => at(w, [j, d]) * at(x, [k, d]),
          (i) => i === b,
          2,
        ),
      ),
  },
  {
    op: 'bagTable',
    f: (g, weights) => bagTable(g, index(), weights, 4, 0),
    inputs: [{ shape: [2, 5] }, { shape: [3, 5] }],
    value: (g, w) =>
      make([4, 5], ([n = 0, d = 0]) =>
        bags(
          (i, j) => at(w, [j, d]) * at(g, [i, d]),
          (_, __, k) => k === n,
          0,
        ),
      ),
  },
  {
    op: 'bagWeights',
    f: (g, x) => bagWeights(g, index(), x, undefined),
    inputs: [{ shape: [2, 5] }, { shape: [4, 5] }],
    value: (g, x) =>
      make([3, 5], ([m = 0, d = 0]) =>
        bags(
          (i, _, k) => at(g, [i, d]) * at(x, [k, d]),
          (_, j) => j === m,
        ),
      ),
  },
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
