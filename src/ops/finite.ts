import { kernels } from '../runtime/backend.ts';
import { elementsOf, empty, type Tensor } from '../tensor/tensor.ts';

/**
 * Whether 0 times any element is 0: none is NaN or infinite. What a mask hides may be, and its weight of 0 hides it from no product. Elements
 * whose squares have no finite sum count as infinite.
 */
export function allFinite(x: Tensor): boolean {
  const total = empty([1]);
  kernels.sumSquares(total.ptr, x.ptr, x.size);
  const [value] = elementsOf(total);
  total.storage.free();
  return Number.isFinite(value);
}
