import { record } from '../autograd/record.ts';
import { type Shape, sameShape, show, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** `x` in another shape of the same size. No copy. Gradient: reshaped back. */
export function viewed(x: Tensor, shape: Shape): Tensor {
  if (sameShape(shape, x.shape)) return x;
  if (sizeOf(shape) !== x.size)
    throw new RangeError(`reshape: shape must hold ${x.size} elements, got ${show(shape)} for ${show(x.shape)}`);
  return record('reshape', new Tensor(x.storage, shape, x.dtype, x.offset), { inputs: [x], attributes: { shape } }, (g) => [
    viewed(g, x.shape),
  ]);
}
