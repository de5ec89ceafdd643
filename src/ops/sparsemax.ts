import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectNames } from '../tensor/check.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { along, maskedOptions, maskedOut, rowsOf, shielded } from './along.ts';

/**
 * The nearest point of the simplex, `argmin ‖p − x‖²` over p ≥ 0, Σ p = 1: `max(x − τ, 0)` with the τ that makes the sum 1 (Martins and
 * Astudillo 2016, "From softmax to sparsemax", eq. 2–3), along `axis` (default −1). An element at least 1 below the largest always gets
 * weight 0. Where `mask` (bool, broadcast to `x`) is false the weight and the gradient are 0, whatever `x` holds there. A row whose mask is
 * all false, or whose elements are all −∞, is 0. Gradient: `g` minus its mean over the row's support there, 0 elsewhere (their §2.5).
 */
export function sparsemax(x: Tensor, options: { axis?: number | undefined; mask?: Tensor | undefined } = {}): Tensor {
  expectNames('sparsemax', options, maskedOptions);
  const y = along('sparsemax', maskedOut('sparsemax', x, options.mask), options.axis ?? -1, nearest);
  return shielded('sparsemax', y, options.mask);
}

function nearest(x: Tensor): Tensor {
  const y = empty(x.shape);
  kernels.sparsemax(y.ptr, x.ptr, ...rowsOf(x));
  return record('sparsemax', y, { inputs: [x] }, (g) => [project(g, y)]);
}

/** `g` minus its mean over the support of `y` there, 0 elsewhere: a projection, hence its own gradient. Only the zeros of `y` matter. */
function project(g: Tensor, y: Tensor): Tensor {
  const dx = empty(y.shape);
  kernels.sparsemaxBackward(dx.ptr, g.ptr, y.ptr, ...rowsOf(y));
  return record('sparsemaxBackward', dx, { inputs: [g, y] }, (h) => [project(h, y), null]);
}
