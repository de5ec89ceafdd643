import { recompose } from '../autograd/recompose.ts';
import { recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import * as call from '../runtime/generated/calls.ts';
import { anything, expectOptions, isPositive, maybe, type Rules } from '../tensor/check.ts';
import { ones, zeros } from '../tensor/create.ts';
import { show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, div, mul, sub } from './binary.ts';
import { sqrt, square } from './elementwise.ts';
import { mean as meanOf, sum } from './reduce.ts';
import { viewed } from './view.ts';

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** `[C]`. Default: ones. */
  weight?: Tensor | undefined;
  /** `[C]`. Default: zeros. */
  bias?: Tensor | undefined;
  /** Statistics `[C]` to use in place of the batch's, both or neither: those of a whole training run. */
  mean?: Tensor | undefined;
  /** The variance that belongs to `mean`. */
  variance?: Tensor | undefined;
  /** Added to the variance. Default 1e-5. */
  eps?: number | undefined;
}

const batchNormOptions: Rules<BatchNormOptions> = /* @__PURE__ */ (() => ({
  weight: anything,
  bias: anything,
  mean: anything,
  variance: anything,
  eps: maybe(isPositive),
}))();

/** What {@link batchNorm} gives. */
export interface BatchNormResults {
  /** The shape of `x`. */
  readonly output: Tensor;
  /** `[C]`: the batch's, or the one given. */
  readonly mean: Tensor;
  /** `[C]`: the batch's, Σ (x − mean)² / n, or the one given. */
  readonly variance: Tensor;
}

/**
 * `(x − mean) / √(variance + eps) · weight + bias` in each channel, the last axis of `x` `[…, C]`: of images with channels last, as in
 * PyTorch's `BatchNorm2d`. Without `mean` and `variance` they are those of the batch, over all axes but the last, and are given back, with
 * gradients (Ioffe and Szegedy 2015, "Batch normalization", algorithm 1). Sums run over the rows in order, in blocks of 256. Gradients: one kernel; composed of ops
 * where they are differentiated again.
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): BatchNormResults {
  expectDType('batchNorm', 'x', x, 'float32');
  expectOptions('batchNorm', options, batchNormOptions);
  const { weight, bias, mean, variance, eps = 1e-5 } = options;
  const n = x.shape.at(-1);
  if (!n || x.size === 0)
    throw new RangeError(`batchNorm: x must have channels on its last axis and something to average, got ${show(x.shape)}`);
  for (const [name, row] of Object.entries({ weight, bias, mean, variance })) {
    if (row === undefined) continue;
    expectDType('batchNorm', name, row, 'float32');
    if (row.rank !== 1 || row.size !== n) throw new RangeError(`batchNorm: ${name} must be [${n}], got ${show(row.shape)}`);
  }
  if (mean && variance) return { output: scaled(x, { weight, bias, mean, variance, eps }), mean, variance };
  if (mean || variance) throw new TypeError(`batchNorm: mean and variance must be given together, got ${mean ? 'mean' : 'variance'} alone`);
  return overBatch(x, weight, bias, n, eps);
}

type Row = Tensor | undefined;

/** With statistics that are known: one scale and one shift a channel. */
function scaled(x: Tensor, by: { weight: Row; bias: Row; mean: Tensor; variance: Tensor; eps: number }): Tensor {
  const deviation = sqrt(add(by.variance, by.eps));
  const scale = div(by.weight ?? 1, deviation);
  const offset = mul(by.mean, scale);
  return add(mul(x, scale), by.bias ? sub(by.bias, offset) : mul(offset, -1));
}

function overBatch(x: Tensor, weight: Row, bias: Row, n: number, eps: number): BatchNormResults {
  const rows = x.size / n;
  const [output, mean, variance, rstd] = [empty(x.shape), empty([n]), empty([n]), empty([n])];
  const [scale, shift] = [weight?.ptr ?? 0, bias?.ptr ?? 0];
  const ptrs = { out: output.ptr, mean: mean.ptr, variance: variance.ptr, rstd: rstd.ptr, x: x.ptr, weight: scale, bias: shift };
  call.batchNorm({ ...ptrs, rows, n, eps, from: 0, to: n });
  const inputs = [x, weight, bias];
  recordSeveral('batchNorm', [output, mean, variance], { inputs, attributes: { eps } }, (gs) => {
    const [g = null, ...more] = gs;
    const byStatistics = x.requiresGrad ? more : []; // they depend on x alone
    const wanted = byStatistics.some((each) => each !== null);
    if (!g && !wanted) return [null, null, null];
    if (recording() || wanted) return again(x, weight, bias, [g, ...byStatistics], eps).slice(0, 3);
    const [dx, dweight, dbias] = [empty(x.shape), empty([n]), empty([n])];
    call.batchNormBackward({
      ...{ dx: dx.ptr, dweight: dweight.ptr, dbias: dbias.ptr, g: (g as Tensor).ptr, x: x.ptr, weight: weight?.ptr ?? 0 },
      ...{ mean: mean.ptr, rstd: rstd.ptr, rows, n, from: 0, to: n },
    });
    return [x.requiresGrad ? dx : null, weight?.requiresGrad ? dweight : null, bias?.requiresGrad ? dbias : null];
  });
  return { output, mean, variance };
}

/** Gradients of the three results, composed of ops. */
function again(x: Tensor, weight: Row, bias: Row, gs: readonly (Tensor | null)[], eps: number): (Tensor | null)[] {
  const composed = (...[from, scale, shift, g, byMean, byVariance]: (Tensor | null | undefined)[]): Tensor => {
    const flat = viewed(from as Tensor, [x.size / (x.shape.at(-1) as number), x.shape.at(-1) as number]);
    const mean = meanOf(flat, { axis: 0 });
    const variance = meanOf(square(sub(flat, mean)), { axis: 0 });
    const unit = div(sub(flat, mean), sqrt(add(variance, eps)));
    const weighed = scale ? mul(unit, scale) : unit;
    const y = shift ? add(weighed, shift) : weighed;
    const parts = [g && mul(y, viewed(g, flat.shape)), byMean && mul(mean, byMean), byVariance && mul(variance, byVariance)];
    return parts.reduce<Tensor>((total, part) => (part ? add(total, sum(part)) : total), zeros([]));
  };
  return recompose(composed, [x, weight, bias, ...gs], ones([]));
}
