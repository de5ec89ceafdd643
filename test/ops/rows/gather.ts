import { gather, pick, scatterAdd, unpick } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { OpRow } from '../row.ts';

const index = () => tensor(Int32Array.of(2, 0, 2, 3, 2, 0), { shape: [2, 3] });
const picked = () => tensor(Int32Array.of(2, -1, 0, 3, 1, 0), { shape: [2, 3] });

export const gathering: OpRow[] = [
  { op: 'gather', f: (x) => gather(x, index()), inputs: [{ shape: [4, 2, 3] }] },
  { op: 'scatterAdd', f: (x) => scatterAdd(x, index(), 5), inputs: [{ shape: [2, 3, 4] }] },
  { op: 'pick', f: (x) => pick(x, picked()), inputs: [{ shape: [2, 3, 4] }] },
  { op: 'pick', name: 'middle axis', f: (x) => pick(x, picked(), { axis: 1 }), inputs: [{ shape: [2, 4, 3] }] },
  { op: 'unpick', f: (g) => unpick(g, picked(), [2, 3, 4], 2), inputs: [{ shape: [2, 3] }] },
];
