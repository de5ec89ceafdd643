import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';

/** `−x`. */
export function neg(x: Tensor): Tensor {
  const y = empty(x.shape);
  kernels.neg(y.ptr, x.ptr, x.size);
  return record('neg', y, [x], (g) => [neg(g)]);
}
