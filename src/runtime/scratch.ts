// How many elements of scratch each kernel asks for: the one place that ops, threads and tests take it from.
import type { parameters } from './generated/parameters.ts';
import { type Lengths, products, up } from './room.ts';

type Signatures = typeof parameters;

/** What a parameter that addresses scratch may be called. */
type Room = 'scratch' | 'work' | 'workspace' | `${string}Scratch` | `${string}Workspace`;

/** Kernels with scratch. */
export type Scratched = { [K in keyof Signatures]: Extract<Signatures[K][number], Room> extends never ? never : K }[keyof Signatures];

/** A formula for each kernel with scratch, of the lengths that its signature names: without one this file does not compile. */
type Formulas = { [K in Scratched]: (lengths: Lengths<Exclude<Signatures[K][number], Room>>) => number };

/** Elements of scratch that attention in tiles needs, by kernel. */
export const attentions = {
  scaledDotProductAttention: ({ keys, width, valueWidth }: Lengths<'keys' | 'width' | 'valueWidth'>) =>
    64 * (up(width, 4) + up(valueWidth, 4) + 68) + 8 * up(valueWidth, 4) + up(keys, 4) * (up(width, 4) + up(valueWidth, 4)),
  scaledDotProductWeights: ({ keys, width }: Lengths<'keys' | 'width'>) => 64 * (up(width, 4) + 68) + up(keys, 4) * up(width, 4),
  scaledDotProductAttentionBackward: ({ queries, width, valueWidth }: Lengths<'queries' | 'width' | 'valueWidth'>) =>
    8704 + 136 * up(width, 4) + 64 * up(valueWidth, 4) + up(queries, 8) * (2 * up(width, 4) + up(valueWidth, 4) + 3),
};

const formulas = { ...products, ...attentions } satisfies Formulas;

/** The lengths that a kernel's scratch depends on. */
export type ScratchLengths<K extends Scratched> = Parameters<(typeof formulas)[K]>[0];

/** Elements of scratch that a call of these lengths needs. Each worker of a pool needs as many of its own. */
export function scratchOf<K extends Scratched>(kernel: K, lengths: ScratchLengths<K>): number {
  return (formulas[kernel] as (lengths: ScratchLengths<K>) => number)(lengths);
}
