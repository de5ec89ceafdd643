// The way from ops to the product kernels: matrices by address, and the workspace.

import { kernels } from '../runtime/backend.ts';
import { empty } from '../tensor/tensor.ts';

/** A matrix where it lies: element [i, j] stands `i·row + j·column` elements after `ptr`. Its transpose exchanges the two. */
export interface Strided {
  ptr: number;
  row: number;
  column: number;
}

/** Lengths of a product [m, k] · [k, n]. */
export interface Lengths {
  m: number;
  n: number;
  k: number;
}

/** A dense matrix of rows `width` long, or the transpose of one. */
export function dense(ptr: number, width: number, transposed = false): Strided {
  return transposed ? { ptr, row: 1, column: width } : { ptr, row: width, column: 1 };
}

/**
 * Elements of the workspace of the kernel `matmul`: a block of the right operand and one of up to 128 rows of the left in panels, 256
 * steps deep, or the sums of a few rows.
 */
export function workspace({ m, n, k }: Lengths): number {
  const columns = Math.ceil(Math.min(n, m <= 128 ? 64 : 2048) / 8) * 8;
  const rows = Math.ceil(Math.min(m, 128) / 4) * 4;
  return Math.max(2048, Math.min(k, 256) * (columns + rows));
}

/** Runs `fn` with the workspace that {@link productInto} needs for products of these lengths, and frees it. */
export function withWorkspace(lengths: Lengths, fn: (scratch: number) => void): void {
  const scratch = empty([workspace(lengths)]);
  try {
    fn(scratch.ptr);
  } finally {
    scratch.storage.free();
  }
}

/** `out[m, n] = beta·out + a·b`, `out` dense. Beta 0 does not read `out`. */
export function productInto(out: number, a: Strided, b: Strided, { m, n, k }: Lengths, beta: 0 | 1, scratch: number): void {
  kernels.matmul(out, a.ptr, b.ptr, m, n, k, a.row, a.column, b.row, b.column, n, beta, scratch);
}
