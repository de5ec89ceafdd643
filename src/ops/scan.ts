// Running sums and products along an axis.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectNames, type Names } from '../tensor/check.ts';
import { ones } from '../tensor/create.ts';
import { around, axisOf, type Shape, sameShape, show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { mul, sub } from './binary.ts';
import { place, slice } from './shape.ts';

/** Options of scans along an axis, the last by default; `reverse` runs from its last index to the first. */
export interface ScanOptions {
  /** The axis to run along. Default −1. */
  axis?: number | undefined;
  /** Run from the last index to the first. Default false. */
  reverse?: boolean | undefined;
}

/** Options of {@link cumsum} and {@link cumprod}. */
export interface CumulativeOptions extends ScanOptions {
  /** Excludes the element itself: the first result is the empty sum 0, or the empty product 1. */
  exclusive?: boolean | undefined;
}

const scanOptions: Names<ScanOptions> = { axis: 0, reverse: 0 };
const cumulativeOptions: Names<CumulativeOptions> = { axis: 0, reverse: 0, exclusive: 0 };

function run(x: Tensor, a: Tensor | null, at: number, reverse: boolean): Tensor {
  const y = empty(x.shape);
  kernels.linearScan(y.ptr, x.ptr, a ? a.ptr : 0, ...around(x.shape, at), reverse ? 1 : 0);
  return y;
}

/**
 * Shifts every index by one along an axis, towards the front if `back`; a zero enters at one end, and the element at the other drops out.
 */
function shift(x: Tensor, at: number, back: boolean): Tensor {
  const n = x.shape[at] as number;
  if (n === 0) return x;
  return back ? place(slice(x, at, 1), at, 0, n) : place(slice(x, at, 0, n - 1), at, 1, n);
}

/**
 * `y₀ = x₀`, `yₖ = xₖ + aₖ · yₖ₋₁` along an axis; `a` has the shape of `x`, and a₀ is not used. Gradient: for x the reverse scan of `g`
 * with `a` shifted by one, `dxₖ = gₖ + aₖ₊₁ · dxₖ₊₁`; for a `dxₖ · yₖ₋₁`.
 */
export function linearScan(x: Tensor, a: Tensor, options: ScanOptions = {}): Tensor {
  expectDType('linearScan', 'x', x, 'float32');
  expectDType('linearScan', 'a', a, 'float32');
  expectNames('linearScan', options, scanOptions);
  const at = axisOf('linearScan', options.axis ?? -1, x.rank);
  if (!sameShape(x.shape, a.shape))
    throw new RangeError(`linearScan: x and a must have one shape, got ${show(x.shape)} and ${show(a.shape)}`);
  const reverse = options.reverse ?? false;
  const y = run(x, a, at, reverse);
  return record('linearScan', y, { inputs: [x, a], attributes: { axis: at, reverse } }, (g) => {
    const dx = linearScan(g, shift(a, at, !reverse), { axis: at, reverse: !reverse });
    return [x.requiresGrad ? dx : null, a.requiresGrad ? mul(dx, shift(y, at, reverse)) : null];
  });
}

/** `yₖ = Σ xⱼ` over j ≤ k, or j < k if `exclusive`, added in order of j. Gradient: the running sum of `g` in the other direction. */
export function cumsum(x: Tensor, options: CumulativeOptions = {}): Tensor {
  expectDType('cumsum', 'x', x, 'float32');
  expectNames('cumsum', options, cumulativeOptions);
  const at = axisOf('cumsum', options.axis ?? -1, x.rank);
  const { reverse = false, exclusive = false } = options;
  const y = record('cumsum', run(x, null, at, reverse), { inputs: [x], attributes: { axis: at, reverse } }, (g) => [
    cumsum(g, { axis: at, reverse: !reverse }),
  ]);
  return exclusive ? shift(y, at, reverse) : y;
}

/**
 * `yₖ = Π xⱼ` over j ≤ k, or j < k if `exclusive`, multiplied in order of j. It is the {@link linearScan} that starts with the first
 * element and adds zeros: without logarithm or division, so value and gradient are exact even where elements are 0 or negative.
 */
export function cumprod(x: Tensor, options: CumulativeOptions = {}): Tensor {
  expectDType('cumprod', 'x', x, 'float32');
  expectNames('cumprod', options, cumulativeOptions);
  const at = axisOf('cumprod', options.axis ?? -1, x.rank);
  const { reverse = false, exclusive = false } = options;
  const n = x.shape[at] as number;
  if (n === 0) return x;
  const first: Shape = x.shape.map((length, i) => (i === at ? 1 : length));
  const start = reverse ? n - 1 : 0;
  const begin = exclusive ? ones(first) : slice(x, at, start, start + 1);
  return linearScan(place(begin, at, start, n), exclusive ? shift(x, at, reverse) : x, { axis: at, reverse });
}

/**
 * The expected stop of a monotonic reader: `p` `[…, S]` is the probability of stopping at each item, `previous` `[…, S]` the weights of the
 * previous step (at first all on item 0). `αⱼ = pⱼ qⱼ` with `qⱼ = αⱼ′ + (1 − pⱼ₋₁) qⱼ₋₁`, the probability of arriving at j: Raffel et al.
 * 2017, "Online and linear-time attention by enforcing monotonic alignments", §2.3. Their closed form, cumprod(1 − p) · cumsum(α′ /
 * cumprod(1 − p)), divides by a value that underflows; this is the recurrence itself, a {@link linearScan}.
 */
export function monotonicWeights(p: Tensor, previous: Tensor): Tensor {
  expectDType('monotonicWeights', 'p', p, 'float32');
  expectDType('monotonicWeights', 'previous', previous, 'float32');
  if (!sameShape(p.shape, previous.shape)) {
    throw new RangeError(`monotonicWeights: p and previous must have one shape, got ${show(p.shape)} and ${show(previous.shape)}`);
  }
  const passed = shift(sub(1, p), axisOf('monotonicWeights', -1, p.rank), false);
  return mul(p, linearScan(previous, passed));
}
