import { binary } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectOptions, isOneOf, maybe, type Rules } from '../tensor/check.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, affine, mul } from './binary.ts';
import { exp, sigmoid, square } from './elementwise.ts';
import { tracked } from './fused.ts';

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `tanh`: `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`, the paper's approximation, which GPT-2 uses. Default `none`. */
  approximate?: 'none' | 'tanh' | undefined;
}

const geluOptions: Rules<GeluOptions> = { approximate: /* @__PURE__ */ maybe(isOneOf('none', 'tanh')) };

/**
 * `x Φ(x) = x/2 · (1 + erf(x/√2))` (Hendrycks and Gimpel 2016, "Gaussian error linear units"). Gradient: `g · (Φ(x) + x φ(x))`,
 * φ the normal density.
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  expectDType('gelu', 'x', x, 'float32');
  expectOptions('gelu', options, geluOptions);
  const { approximate = 'none' } = options;
  const y = empty(x.shape);
  const attributes = { approximate };
  const bent = approximate === 'tanh';
  if (!tracked([x])) {
    (bent ? kernels.geluTanh : kernels.gelu)(y.ptr, x.ptr, x.size);
    return record('gelu', y, { inputs: [x], attributes });
  }
  // The slope shares most of the value's arithmetic, so both are made in one pass.
  const slope = empty(x.shape);
  (bent ? kernels.geluTanhSloped : kernels.geluSloped)(y.ptr, slope.ptr, x.ptr, x.size);
  return record('gelu', y, { inputs: [x], attributes }, (g) => [steep(g, slope, x, bent ? bentCurve : curve)]);
}

/** `dx = g · slope`, where `bend(x)` is the slope's own. */
function steep(g: Tensor, slope: Tensor, x: Tensor, bend: (x: Tensor) => Tensor): Tensor {
  return record('geluBackward', binary('gelu', kernels.mul, g, slope), { inputs: [g, x] }, (h) => [
    steep(h, slope, x, bend),
    x.requiresGrad ? mul(mul(h, g), bend(x)) : null,
  ]);
}

/** Its second derivative, `(2 − x²) φ(x)`. */
function curve(x: Tensor): Tensor {
  const z = square(x);
  return mul(mul(exp(mul(z, -0.5)), 1 / Math.sqrt(2 * Math.PI)), affine(z, -1, 2));
}

/** That of the approximation, `x σ(v)` with v = r x + c x³: `σ′ (2 v′ + x v″ + x (1 − 2σ) v′²)`, σ′ = σ (1 − σ). */
function bentCurve(x: Tensor): Tensor {
  const r = 2 * Math.sqrt(2 / Math.PI);
  const z = square(x);
  const s = sigmoid(mul(x, affine(z, 0.044715 * r, r)));
  const v = affine(z, 3 * 0.044715 * r, r); // v′
  const bent = add(affine(v, 4, -2 * r), mul(mul(x, affine(s, -2, 1)), square(v))); // x v″ = 2 (v′ − r)
  return mul(mul(s, affine(s, -1, 1)), bent);
}
