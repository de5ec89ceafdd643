import { kernels } from '../runtime/backend.ts';
import { scope } from '../tensor/scope.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';

/**
 * The Euclidean norm of all elements as one vector: each tensor's Σ x² in float64, rounded to float32; these are summed in order in float64. Where float32
 * cannot hold the sums (an element beyond 1.8e19, or all below 1e-15), every square is summed in float64.
 */
export function normOf(tensors: readonly Tensor[]): number {
  return scope(() => {
    const squares = empty([tensors.length]);
    const { unit } = squares.storage.backend;
    for (const [i, x] of tensors.entries()) kernels.sumSquares(squares.ptr + i * unit, x.ptr, x.size);
    let total = 0;
    for (const square of squares.toArray()) total += square;
    return Math.sqrt(total > 2 ** -100 && total < Infinity ? total : squaresOnHost(tensors));
  });
}

function squaresOnHost(tensors: readonly Tensor[]): number {
  let total = 0;
  for (const tensor of tensors) for (const x of tensor.toArray()) total += x * x;
  return total;
}
