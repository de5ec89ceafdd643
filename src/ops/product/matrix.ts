// Matrices by address, as product kernels take them.

/** A matrix in memory: element [i, j] is `i·row + j·column` elements after `ptr`. Its transpose swaps the two strides. */
export interface Matrix {
  ptr: number;
  row: number;
  column: number;
}

/** The lengths of a product [m, k] · [k, n]. */
export interface Lengths {
  m: number;
  n: number;
  k: number;
}

/** A dense matrix with rows of `width` elements, or its transpose. */
export function dense(ptr: number, width: number, transposed = false): Matrix {
  return transposed ? { ptr, row: 1, column: width } : { ptr, row: width, column: 1 };
}
