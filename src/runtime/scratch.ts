// The scratch size of each kernel in elements: the only place that defines it, for ops, threads and tests.
import { convolutions } from './convolutions.ts';
import type { parameters } from './generated/parameters.ts';
import { type Lengths, products, up } from './room.ts';

type Signatures = typeof parameters;

/** Names of parameters that address scratch. */
type Room = 'scratch' | 'work' | 'workspace' | `${string}Scratch` | `${string}Workspace`;

/** Kernels with scratch. */
export type Scratched = { [K in keyof Signatures]: Extract<Signatures[K][number], Room> extends never ? never : K }[keyof Signatures];

/** One formula per kernel with scratch, over the lengths of its signature; a missing formula does not compile. */
type Formulas = { [K in Scratched]: (lengths: Lengths<Exclude<Signatures[K][number], Room>>) => number };

/** Scratch elements of tiled attention, by kernel. */
export const attentions = {
  scaledDotProductAttention: ({ keys, width, valueWidth }: Lengths<'keys' | 'width' | 'valueWidth'>) =>
    64 * (up(width, 4) + up(valueWidth, 4) + 68) + 8 * up(valueWidth, 4) + up(keys, 4) * (up(width, 4) + up(valueWidth, 4)),
  scaledDotProductWeights: ({ keys, width }: Lengths<'keys' | 'width'>) => 64 * (up(width, 4) + 68) + up(keys, 4) * up(width, 4),
  scaledDotProductAttentionBackward: ({ queries, width, valueWidth }: Lengths<'queries' | 'width' | 'valueWidth'>) =>
    12800 + 136 * up(width, 4) + 64 * up(valueWidth, 4) + up(queries, 8) * (2 * up(width, 4) + up(valueWidth, 4) + 3),
};

/** Scratch elements of alignments, by kernel. */
export const alignments = { ctc: ({ n }: Lengths<'n'>) => n };

/** Scratch elements of a memory's step back. */
const memories = {
  memoryStepBackward: ({ heads, cells, width }: Lengths<'heads' | 'cells' | 'width'>) => heads * cells + 3 * Math.max(cells, heads, width),
};

const formulas = { ...convolutions, ...products, ...attentions, ...alignments, ...memories } satisfies Formulas;

/** The lengths that a kernel's scratch depends on. */
export type ScratchLengths<K extends Scratched> = Parameters<(typeof formulas)[K]>[0];

/** The scratch elements that a call with these lengths needs. Each worker of a pool needs the same amount of its own. */
export function scratchOf<K extends Scratched>(kernel: K, lengths: ScratchLengths<K>): number {
  return (formulas[kernel] as (lengths: ScratchLengths<K>) => number)(lengths);
}
