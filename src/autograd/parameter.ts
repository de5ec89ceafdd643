import { expectDType, type Tensor } from '../tensor/tensor.ts';

/** Marks a float32 tensor as a leaf that wants a gradient, and returns it. */
export function parameter(x: Tensor): Tensor {
  expectDType('parameter', 'x', x, 'float32');
  if (x.recorded) throw new Error('parameter: must be a leaf, got a computed tensor (detach it first)');
  x.leaf = true;
  return x;
}
