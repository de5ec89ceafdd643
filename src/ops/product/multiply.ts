// The one place that decides how a product is computed. Every way adds in the same order, so the choice changes the speed and no bit.

import { kernels } from '../../runtime/backend.ts';
import * as call from '../../runtime/generated/calls.ts';
import { giveScratch, products, takeScratch } from '../../runtime/room.ts';
import { empty, type Tensor } from '../../tensor/tensor.ts';
import { dense, type Lengths, type Matrix } from './matrix.ts';
import { panelsOf, rightPanels } from './panels.ts';

/** `out[m, n] = a·b`, `out` dense, `b` a tensor [k, n] or, if `transposed`, [n, k]. Each row's sums start from `bias` [n], if there is one. */
export function multiply(out: number, a: Matrix, b: Tensor, transposed: boolean, lengths: Lengths, bias?: Tensor): void {
  const { m, n, k } = lengths;
  const panels = panelsOf(b, transposed);
  const elements = panels ? products.matmulPanels(lengths) : products.matmul(lengths);
  const start = bias ? bias.ptr : 0;
  const scratch = takeScratch(elements);
  try {
    if (panels) kernels.matmulPanels(out, a.ptr, panels.ptr, start, m, n, k, a.row, a.column, n, scratch);
    else {
      call.matmul({
        out,
        a: a.ptr,
        b: b.ptr,
        bias: start,
        m,
        n,
        k,
        aRow: a.row,
        aDepth: a.column,
        bDepth: transposed ? 1 : n,
        bColumn: transposed ? k : 1,
        outStride: n,
        scratch,
      });
    }
  } finally {
    giveScratch(scratch, elements);
  }
}

/**
 * For loops that multiply by the same right operand at every step, [k, n] or, if `transposed`, [n, k]: packs it once. The function returned
 * computes `out[rows, n] = beta·out + a[rows, k]·b` of dense operands; it is valid as long as the scope in which it was made.
 */
export function multiplier(b: Tensor, transposed: boolean, rows: number): (out: number, a: number, beta: 0 | 1) => void {
  const [first = 0, width = 0] = b.shape;
  const [k, n] = transposed ? [width, first] : [first, width];
  const right = panelsOf(b, transposed) ?? rightPanels(dense(b.ptr, width, transposed), k, n);
  const left = empty([Math.ceil(rows / 4) * 4, k]);
  return (out, a, beta) => {
    kernels.packRows(left.ptr, a, rows, k, k, 1);
    kernels.matmulPacked(out, left.ptr, right.ptr, rows, n, k, n, beta);
  };
}
