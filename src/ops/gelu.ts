import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectOptions, isOneOf, maybe, type Rules } from '../tensor/check.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { affine, mul } from './binary.ts';
import { exp, square, tanh } from './elementwise.ts';

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
  if (options.approximate === 'tanh') return geluTanh(x);
  const y = empty(x.shape);
  kernels.gelu(y.ptr, x.ptr, x.size);
  return record('gelu', y, { inputs: [x] }, (g) => [geluBackward(g, x)]);
}

/** For its own gradient h: the same map of h goes to g, and `h · g · (2 − x²) φ(x)` to x. */
function geluBackward(g: Tensor, x: Tensor): Tensor {
  const dx = empty(x.shape);
  kernels.geluBackward(dx.ptr, g.ptr, x.ptr, x.size);
  return record('geluBackward', dx, { inputs: [g, x] }, (h) => [geluBackward(h, x), x.requiresGrad ? mul(mul(h, g), curve(x)) : null]);
}

function geluTanh(x: Tensor): Tensor {
  const inner = mul(x, affine(square(x), 0.044715 * Math.sqrt(2 / Math.PI), Math.sqrt(2 / Math.PI)));
  return mul(mul(x, 0.5), affine(tanh(inner), 1, 1));
}

/** gelu's second derivative, `(2 − x²) φ(x)`. */
function curve(x: Tensor): Tensor {
  const z = square(x);
  return mul(mul(exp(mul(z, -0.5)), 1 / Math.sqrt(2 * Math.PI)), affine(z, -1, 2));
}
