// The way from ops to the product kernels: matrices by address.

import * as call from '../runtime/generated/calls.ts';

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

/** `out[m, n] = beta·out + a·b`, `out` dense. Beta 0 does not read `out`. */
export function productInto(out: number, a: Strided, b: Strided, { m, n, k }: Lengths, beta: 0 | 1, scratch: number): void {
  call.matmul({
    out,
    a: a.ptr,
    b: b.ptr,
    m,
    n,
    k,
    aRow: a.row,
    aDepth: a.column,
    bDepth: b.row,
    bColumn: b.column,
    outStride: n,
    beta,
    scratch,
  });
}
