// Scratch memory for a kernel call, and the formulas for products.

import { backend } from './backend.ts';
import { Heap } from './heap.ts';

/** Lengths, named as in the kernel's signature. */
export type Lengths<N extends string> = Readonly<Record<N, number>>;

/** `x` rounded up to a multiple. */
export const up = (x: number, multiple: number) => Math.ceil(x / multiple) * multiple;

/** Up to 128 rows of the left operand in panels, 256 steps deep. */
const leftBlock = ({ m, k }: Lengths<'m' | 'k'>) => Math.min(k, 256) * up(Math.min(m, 128), 4);

/** The same plus a block of the right operand, or the sums of a few rows. */
const product = (lengths: Lengths<'m' | 'n' | 'k'>) => {
  const { m, n, k } = lengths;
  return Math.max(2048, Math.min(k, 256) * up(Math.min(n, m <= 128 ? 64 : 2048), 8) + leftBlock(lengths));
};

/** Scratch elements of products, by kernel. */
export const products = { matmul: product, matmulBatch: product, matmulPanels: leftBlock };

/** Allocates scratch of so many elements, for calls that are too short for a closure. {@link giveScratch} frees it. */
export function takeScratch(elements: number): number {
  const { heap, unit } = backend();
  return heap.allocate(Heap.capacity(elements * unit));
}

/** Frees scratch of so many elements. */
export function giveScratch(at: number, elements: number): void {
  const { heap, unit } = backend();
  heap.free(at, Heap.capacity(elements * unit));
}

/** Allocates the scratch that `kernel` needs for these lengths, runs `fn` with its address, and frees it. */
export function withScratch<T extends Record<K, (lengths: never) => number>, K extends keyof T>(
  formulas: T,
  kernel: K,
  lengths: Parameters<T[K]>[0],
  fn: (scratch: number) => void,
): void {
  const elements = formulas[kernel](lengths as never);
  const at = takeScratch(elements);
  try {
    fn(at);
  } finally {
    giveScratch(at, elements);
  }
}
