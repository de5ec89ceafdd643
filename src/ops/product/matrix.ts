// Matrices by address, as product kernels take them.

/** A matrix where it lies: element [i, j] stands `i·row + j·column` elements after `ptr`. Its transpose exchanges the two. */
export interface Matrix {
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
export function dense(ptr: number, width: number, transposed = false): Matrix {
  return transposed ? { ptr, row: 1, column: width } : { ptr, row: width, column: 1 };
}
