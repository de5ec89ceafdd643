import { kernels } from '../runtime/backend.ts';
import { elementsOf, empty, type Tensor } from '../tensor/tensor.ts';

/**
 * Whether 0 times every element is 0, that is, none is NaN or infinite. Masked values may be either, and a weight of 0 does not remove them
 * from a product. The test also answers false if the sum of squares overflows.
 */
export function allFinite(x: Tensor): boolean {
  const total = empty([1]);
  kernels.sumSquares(total.ptr, x.ptr, x.size);
  const [value] = elementsOf(total);
  total.storage.free();
  return Number.isFinite(value);
}
