import { isSize } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, div, mul, sub } from './binary.ts';
import { exp, square } from './elementwise.ts';
import { sum } from './reduce.ts';
import { reshape } from './shape.ts';

/** Added to the sum of each row: a filter that lies outside of its line is 0 there, not 0/0 (Gregor et al. 2015, §3.2, Z). */
const OUTSIDE = 1e-4;

/**
 * A bank of Gaussian filters over a line of `length` pixels (Gregor et al. 2015, "DRAW", eq. 19–22 and 25): `centre`, `stride` and
 * `variance` `[…]`, in pixels (squared for the variance, above 0), give `[…, filters, length]`, whose i-th row is
 * `exp(−(a − μᵢ)² / 2σ²)` over the places a = 0, 1, …, divided by its sum + 0.0001, with `μᵢ = centre + (i − (filters − 1)/2) · stride`.
 * The paper counts places from 1, so its centre is larger by 1. Composed of other ops.
 */
export function gaussianFilters(centre: Tensor, stride: Tensor, variance: Tensor, filters: number, length: number): Tensor {
  const op = 'gaussianFilters';
  for (const [name, x] of Object.entries({ centre, stride, variance })) {
    expectDType(op, name, x, 'float32');
    if (!sameShape(x.shape, centre.shape))
      throw new RangeError(`${op}: ${name} must be ${show(centre.shape)} like centre, got ${show(x.shape)}`);
  }
  isSize(op, 'filters', filters);
  isSize(op, 'length', length);
  const lead = centre.shape;
  const offsets = tensor(Float64Array.from({ length: filters }, (_, i) => i - (filters - 1) / 2));
  const places = tensor(Float64Array.from({ length }, (_, a) => a));
  const middles = add(reshape(centre, [...lead, 1]), mul(reshape(stride, [...lead, 1]), offsets)); // […, N]
  const apart = square(sub(places, reshape(middles, [...lead, filters, 1]))); // […, N, length]
  const factors = exp(mul(apart, reshape(div(-0.5, variance), [...lead, 1, 1])));
  return div(factors, add(sum(factors, { axis: -1, keepDims: true }), OUTSIDE));
}
