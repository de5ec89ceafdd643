// Softmax of rows for callers that have checked their options, such as attention.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { maskedOut, rowsOf, shielded } from './along.ts';
import { floatMul, floatSub, sumRows } from './float.ts';

/** Softmax along the last axis; 0 where `mask` (bool, broadcast to `x`) is false. Gradient: `y · (g − Σ g·y)`. */
export function softmaxRows(x: Tensor, mask?: Tensor): Tensor {
  expectDType('softmax', 'x', x, 'float32');
  if (x.rank === 0) throw new RangeError(`softmax: x must have an axis, got ${show(x.shape)}`);
  return shielded('softmax', weights(maskedOut('softmax', x, mask)), mask);
}

/** Softmax of rows without a mask. */
export function weights(x: Tensor): Tensor {
  const y = empty(x.shape);
  kernels.softmax(y.ptr, x.ptr, ...rowsOf(x));
  return record('softmax', y, { inputs: [x] }, (g) => [softmaxBackward(g, y)]);
}

/** `dx = y · (g − Σ g·y)`, linear in `g`. For its own gradient h: `h · (g − Σ g·y) − g · Σ h·y` to y, and the same map of h to g. */
function softmaxBackward(g: Tensor, y: Tensor): Tensor {
  const dx = empty(y.shape);
  kernels.softmaxBackward(dx.ptr, g.ptr, y.ptr, ...rowsOf(y));
  return record('softmaxBackward', dx, { inputs: [g, y] }, (h) => [
    g.requiresGrad ? softmaxBackward(h, y) : null,
    y.requiresGrad ? floatSub(floatMul(h, floatSub(g, sumRows(floatMul(g, y)))), floatMul(g, sumRows(floatMul(h, y)))) : null,
  ]);
}
