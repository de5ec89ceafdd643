// What goes by distance, in ops: by how far a key is behind the query.

import { expand } from '../autograd/arithmetic.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, maximum, minimum } from './binary.ts';
import { scatterAddAlongAxis, takeAlongAxis } from './take.ts';

/** The columns of distances (int32, broadcast to `target` [..., T, S]) in rows of `span`: `zero + distance`, the ends beyond. */
const columns = (distances: Tensor, zero: number, span: number, target: Shape) =>
  expand(minimum(maximum(add(distances, zero), 0), span - 1), target);

/** The element of each row [..., 1 or T, L] that stands for a distance: `target` [..., T, S]. */
export function byDistance(rows: Tensor, distances: Tensor, zero: number, target: Shape): Tensor {
  const span = rows.shape.at(-1) as number;
  return takeAlongAxis(expand(rows, target.with(-1, span)), columns(distances, zero, span, target));
}

/** Weights [..., T, S] added up by distance: [..., T, span]. */
export function sumsByDistance(weights: Tensor, distances: Tensor, zero: number, span: number): Tensor {
  return scatterAddAlongAxis(weights, columns(distances, zero, span, weights.shape), span);
}
