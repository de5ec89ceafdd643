import { recompose } from '../autograd/recompose.ts';
import { record, recording } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { anything, expectOptions, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, div, mul, sub } from './binary.ts';
import { sqrt, square } from './elementwise.ts';
import { mean } from './reduce.ts';

function expectRow(name: string, row: Tensor | undefined, n: number): void {
  if (row === undefined) return;
  expectDType('layerNorm', name, row, 'float32');
  if (row.rank !== 1 || row.size !== n) throw new RangeError(`layerNorm: ${name} must have shape [${n}], got ${show(row.shape)}`);
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
 * Hinton 2016, "Layer normalization"). Gradient: one kernel; composed of ops if it is differentiated again.
 */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  expectDType('layerNorm', 'x', x, 'float32');
  expectOptions('layerNorm', options, layerNormOptions);
  const { weight, bias, eps = 1e-5 } = options;
  const n = x.shape.at(-1);
  if (!n) throw new RangeError(`layerNorm: x must have a last axis of length 1 or more, got ${show(x.shape)}`);
  expectRow('weight', weight, n);
  expectRow('bias', bias, n);
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
    const at = weight?.ptr ?? 0;
    kernels.layerNormBackward(dx.ptr, dweight?.ptr ?? 0, dbias?.ptr ?? 0, g.ptr, x.ptr, at, mean.ptr, rstd.ptr, rows, n);
    return [dx, dweight, dbias];
  });
}
