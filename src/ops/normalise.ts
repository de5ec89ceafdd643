import { recompose } from '../autograd/recompose.ts';
import { record, recording } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { anything, expectOptions, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, div, mul, sub } from './binary.ts';
import { sqrt, square } from './elementwise.ts';
import { mean } from './reduce.ts';

/** The length of the last axis, which is not empty. */
function widthOf(op: string, x: Tensor): number {
  expectDType(op, 'x', x, 'float32');
  const n = x.shape.at(-1);
  if (!n) throw new RangeError(`${op}: x must have a last axis of length 1 or more, got ${show(x.shape)}`);
  return n;
}

function expectRow(op: string, name: string, row: Tensor | undefined, n: number): void {
  if (row === undefined) return;
  expectDType(op, name, row, 'float32');
  if (row.rank !== 1 || row.size !== n) throw new RangeError(`${op}: ${name} must have shape [${n}], got ${show(row.shape)}`);
}

/** Options of {@link layerNorm}. */
export interface LayerNormOptions {
  /** [D] */
  weight?: Tensor | undefined;
  /** [D] */
  bias?: Tensor | undefined;
  /** Added to the variance. Default 1e-5. */
  eps?: number | undefined;
}

const isEps = /* @__PURE__ */ maybe(ruleOf('a number from 0', (x) => Number.isFinite(x) && (x as number) >= 0));
const layerNormOptions: Rules<LayerNormOptions> = { weight: anything, bias: anything, eps: isEps };

/** `(x − ⟨x⟩) / √(⟨(x − ⟨x⟩)²⟩ + eps)`, composed of ops. */
function standardised(x: Tensor, eps: number): Tensor {
  const last = { axis: -1, keepDims: true };
  const centred = sub(x, mean(x, last));
  return div(centred, sqrt(add(mean(square(centred), last), eps)));
}

/**
 * `(x − ⟨x⟩) / √(⟨(x − ⟨x⟩)²⟩ + eps) · weight + bias` over the last axis, ⟨⟩ its mean; `weight` and `bias` `[D]`, `eps` 1e-5 (Ba, Kiros and
 * Hinton 2016, "Layer normalization"). Gradient: fused; composed of ops if it is differentiated again.
 */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  const n = widthOf('layerNorm', x);
  expectOptions('layerNorm', options, layerNormOptions);
  const { weight, bias, eps = 1e-5 } = options;
  expectRow('layerNorm', 'weight', weight, n);
  expectRow('layerNorm', 'bias', bias, n);
  const rows = x.size / n;
  const [y, mean, rstd] = [empty(x.shape), empty([rows]), empty([rows])];
  kernels.layerNorm(y.ptr, mean.ptr, rstd.ptr, x.ptr, weight?.ptr ?? 0, bias?.ptr ?? 0, rows, n, eps);
  const inputs = [x, weight, bias];
  const composed = (...[from, scale, shift]: (Tensor | undefined)[]) => {
    const z = standardised(from as Tensor, eps);
    const scaled = scale ? mul(z, scale) : z;
    return shift ? add(scaled, shift) : scaled;
  };
  return record('layerNorm', y, { inputs, attributes: { eps } }, (g) => {
    if (recording()) return recompose(composed, inputs, g);
    const dx = empty(x.shape);
    const dweight = weight?.requiresGrad ? empty([n]) : null;
    const dbias = bias?.requiresGrad ? empty([n]) : null;
    kernels.layerNormBackward(dx.ptr, g.ptr, x.ptr, weight?.ptr ?? 0, mean.ptr, rstd.ptr, rows, n);
    const at = [dweight?.ptr ?? 0, dbias?.ptr ?? 0] as const;
    if (dweight || dbias) kernels.normWeightBackward(...at, g.ptr, x.ptr, mean.ptr, rstd.ptr, rows, n, 0, n);
    return [dx, dweight, dbias];
  });
}

/** Options of {@link rmsNorm}. */
export interface RMSNormOptions {
  /** Beside the mean of squares. Default 1e-6. */
  eps?: number | undefined;
}

const rmsNormOptions: Rules<RMSNormOptions> = { eps: isEps };

/**
 * `x / √(⟨x²⟩ + eps) · weight` over the last axis, ⟨⟩ its mean; `weight` `[D]` or left out, `eps` 1e-6, as LLaMA and T5 have it (Zhang and Sennrich 2019,
 * "Root mean square layer normalization"). Gradient: fused, and composed of ops where it is differentiated again.
 */
export function rmsNorm(x: Tensor, weight?: Tensor, options: RMSNormOptions = {}): Tensor {
  const n = widthOf('rmsNorm', x);
  expectOptions('rmsNorm', options, rmsNormOptions);
  const { eps = 1e-6 } = options;
  expectRow('rmsNorm', 'weight', weight, n);
  const rows = x.size / n;
  const [y, rstd] = [empty(x.shape), empty([rows])];
  kernels.rmsNorm(y.ptr, rstd.ptr, x.ptr, weight?.ptr ?? 0, rows, n, eps);
  const inputs = [x, weight];
  const composed = (from: Tensor | undefined, scale: Tensor | undefined) => {
    const z = div(from as Tensor, sqrt(add(mean(square(from as Tensor), { axis: -1, keepDims: true }), eps)));
    return scale ? mul(z, scale) : z;
  };
  return record('rmsNorm', y, { inputs, attributes: { eps } }, (g) => {
    if (recording()) return recompose(composed, inputs, g);
    const dx = empty(x.shape);
    const dweight = weight?.requiresGrad ? empty([n]) : null;
    kernels.rmsNormBackward(dx.ptr, g.ptr, x.ptr, weight?.ptr ?? 0, rstd.ptr, rows, n);
    if (dweight) kernels.normWeightBackward(dweight.ptr, 0, g.ptr, x.ptr, 0, rstd.ptr, rows, n, 0, n);
    return [dx, dweight];
  });
}
