// How many elements of scratch each kernel asks for: the one place that ops, threads and tests take it from.
import { backend } from './backend.ts';
import type { parameters } from './generated/parameters.ts';
import { Heap } from './heap.ts';

type Signatures = typeof parameters;

/** What a parameter that addresses scratch may be called. */
type Room = 'scratch' | 'work' | 'workspace' | `${string}Scratch` | `${string}Workspace`;

/** Kernels with scratch. */
export type Scratched = { [K in keyof Signatures]: Extract<Signatures[K][number], Room> extends never ? never : K }[keyof Signatures];

/** Lengths by the names that the kernel's signature gives them. */
type Lengths<N extends string> = Readonly<Record<N, number>>;

/** A formula for each kernel with scratch, of the lengths that its signature names: without one this file does not compile. */
type Formulas = { [K in Scratched]: (lengths: Lengths<Exclude<Signatures[K][number], Room>>) => number };

/** `x` rounded up to a multiple. */
const up = (x: number, multiple: number) => Math.ceil(x / multiple) * multiple;

/** Up to 128 rows of the left operand in panels, 256 steps deep. */
const leftBlock = ({ m, k }: Lengths<'m' | 'k'>) => Math.min(k, 256) * up(Math.min(m, 128), 4);

/** That and a block of the right operand, or the sums of a few rows. */
const product = (lengths: Lengths<'m' | 'n' | 'k'>) => {
  const { m, n, k } = lengths;
  return Math.max(2048, Math.min(k, 256) * up(Math.min(n, m <= 128 ? 64 : 2048), 8) + leftBlock(lengths));
};

const formulas = {
  matmul: product,
  matmulBatch: product,
  matmulPanels: leftBlock,
  scaledDotProductAttention: ({ keys, width, valueWidth }: Lengths<'keys' | 'width' | 'valueWidth'>) =>
    64 * (up(width, 4) + up(valueWidth, 4) + 68) + 8 * up(valueWidth, 4) + up(keys, 4) * (up(width, 4) + up(valueWidth, 4)),
  scaledDotProductWeights: ({ keys, width }: Lengths<'keys' | 'width'>) => 64 * (up(width, 4) + 68) + up(keys, 4) * up(width, 4),
  scaledDotProductAttentionBackward: ({ queries, width, valueWidth }: Lengths<'queries' | 'width' | 'valueWidth'>) =>
    8704 + 136 * up(width, 4) + 64 * up(valueWidth, 4) + up(queries, 8) * (2 * up(width, 4) + up(valueWidth, 4) + 3),
} satisfies Formulas;

/** The lengths that a kernel's scratch depends on. */
export type ScratchLengths<K extends Scratched> = Parameters<(typeof formulas)[K]>[0];

/** Elements of scratch that a call of these lengths needs. Each worker of a pool needs as many of its own. */
export function scratchOf<K extends Scratched>(kernel: K, lengths: ScratchLengths<K>): number {
  return (formulas[kernel] as (lengths: ScratchLengths<K>) => number)(lengths);
}

/** Runs `fn` with the address of as much scratch as calls of `kernel` with these lengths need, and frees it. */
export function withScratch<K extends Scratched>(kernel: K, lengths: ScratchLengths<K>, fn: (scratch: number) => void): void {
  const { heap, unit } = backend();
  const capacity = Heap.capacity(scratchOf(kernel, lengths) * unit);
  const at = heap.allocate(capacity);
  try {
    fn(at);
  } finally {
    heap.free(at, capacity);
  }
}
