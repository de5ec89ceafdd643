import * as call from '../../runtime/generated/calls.ts';
import { products, withScratch } from '../../runtime/room.ts';
import { collapse, eachInner, type Shape, stretchedStrides, stridesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { dense, type Lengths } from './matrix.ts';

/** An operand [..., rows, columns], or the transposes of its matrices. */
interface Matrices {
  x: Tensor;
  transposed: boolean;
}

/** `y` [...batch, m, n] = `a` [..., m, k] · `b` [..., k, n], the axes before the last two broadcast to `batch`. */
export function multiplyBatch(y: Tensor, a: Matrices, b: Matrices, batch: Shape, { m, n, k }: Lengths): void {
  const { unit } = y.storage.backend;
  const along = ({ x }: Matrices) => stretchedStrides(x.shape.slice(0, -2), batch);
  const of = ({ x, transposed }: Matrices) => dense(x.ptr, x.shape.at(-1) ?? 0, transposed);
  const [left, right] = [of(a), of(b)];
  const nest = collapse(batch, [stridesOf(batch), along(a), along(b)]);
  withScratch(products, 'matmulBatch', { m, n, k }, (scratch) =>
    eachInner<[number, number], [number, number, number]>(2, nest, ([outer, inner], [to, from, by], [, [p, t], [u, v]]) => {
      call.matmulBatch({
        out: y.ptr + to * m * n * unit,
        a: left.ptr + from * m * k * unit,
        b: right.ptr + by * k * n * unit,
        m,
        n,
        k,
        aRow: left.row,
        aDepth: left.column,
        bDepth: right.row,
        bColumn: right.column,
        outer,
        inner,
        aOuter: p * m * k,
        aInner: t * m * k,
        bOuter: u * k * n,
        bInner: v * k * n,
        scratch,
      });
    }),
  );
}
