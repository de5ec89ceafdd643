// Attention of so few queries that they are taken one by one, over several tiles of keys; and with slopes.
import type { Range } from '../row.ts';
import type { Kind } from './tiled-attention.ts';

/** Each stretch of a hundred higher than the one before it. */
const rising = (x: Range): Range => ({ ...x, values: x.values.map((value, i) => Math.fround(value + Math.floor(i / 100))) });

export const few: Kind[] = [
  {
    name: 'slopes, of few queries among many keys',
    sizes: (n) => ({ queries: 2, keys: n, width: 4, valueWidth: 4 }),
    lengths: [1, 3, 8, 31, 270, 600],
    distances: () => ({ span: 0, zero: 0, size: 2, strides: [0, 1, 0] }),
  },
  {
    name: 'few queries, whose highest score comes last',
    sizes: (n) => ({ queries: 3, keys: n, width: 4, valueWidth: 4 }),
    lengths: [8, 270],
    bias: (s, d) => [rising(d.real(s.keys)), [0, 0, 0, 1]],
  },
  {
    name: 'slopes, masked',
    sizes: (n) => ({ queries: 10, keys: n, width: 4, valueWidth: 4 }),
    lengths: [0, 1, 3, 8, 31, 65, 270],
    mask: (s, d) => [d.mask(s.examples * s.heads * s.queries * s.keys), [s.heads * s.queries * s.keys, s.queries * s.keys, s.keys, 1]],
    distances: () => ({ span: 0, zero: 0, size: 2, strides: [0, 1, 0] }),
  },
];
