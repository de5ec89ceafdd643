// Functions of one operand. docs/numerics.md lists every error bound.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { shown } from '../tensor/check.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { affine, div, mul, neg } from './binary.ts';
import { floatMul } from './float.ts';
import { and, lessEqual, where } from './logic.ts';

/** `y = kernel(x)`, elementwise. `gradient` gives that of `x` from the result's gradient and the result. */
export function unary(name: string, kernel: typeof kernels.exp, x: Tensor, gradient: (g: Tensor, y: Tensor) => Tensor | null): Tensor {
  expectDType(name, 'x', x, 'float32');
  const y = empty(x.shape);
  kernel(y.ptr, x.ptr, x.size);
  return record(name, y, { inputs: [x] }, (g) => [gradient(g, y)]);
}

/** `|x|`. Gradient: `g · sign(x)`, 0 at 0. */
export function abs(x: Tensor): Tensor {
  return unary('abs', kernels.abs, x, (g) => mul(g, sign(x)));
}

/** −1, ±0 or 1; NaN stays NaN. Gradient: 0. */
export function sign(x: Tensor): Tensor {
  return unary('sign', kernels.sign, x, () => null);
}

/** `e^x`. Gradient: `g · y`. */
export function exp(x: Tensor): Tensor {
  return unary('exp', kernels.exp, x, (g, y) => mul(g, y));
}

/** `ln x`: −∞ at ±0, NaN below. Gradient: `g / x`. */
export function log(x: Tensor): Tensor {
  return unary('log', kernels.log, x, (g) => div(g, x));
}

/** `tanh x`. Gradient: `g · (1 − y²)`. */
export function tanh(x: Tensor): Tensor {
  return unary('tanh', kernels.tanh, x, (g, y) => slope('tanhBackward', kernels.tanhBackward, g, y, (hg) => mul(hg, mul(y, -2))));
}

/** `dx = kernel(g, x)`, a gradient in one pass. For its own gradient h: the same map of h goes to `g`, and `toX(h · g)` to `x`. */
export function slope(name: string, kernel: typeof kernels.tanhBackward, g: Tensor, x: Tensor, toX: (hg: Tensor) => Tensor | null): Tensor {
  const dx = empty(x.shape);
  kernel(dx.ptr, g.ptr, x.ptr, x.size);
  return record(name, dx, { inputs: [g, x] }, (h) => [slope(name, kernel, h, x, toX), x.requiresGrad ? toX(mul(h, g)) : null]);
}

/** `1 / (1 + e^(−x))`. Gradient: `g · y (1 − y)`. */
export function sigmoid(x: Tensor): Tensor {
  return unary('sigmoid', kernels.sigmoid, x, (g, y) =>
    slope('sigmoidBackward', kernels.sigmoidBackward, g, y, (hg) => mul(hg, affine(y, -2, 1))),
  );
}

/** `erf x = 2/√π ∫₀ˣ e^(−t²) dt`. Gradient: `g · 2/√π · e^(−x²)`. */
export function erf(x: Tensor): Tensor {
  return unary('erf', kernels.erf, x, (g) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))));
}

/** `sin x`, x in radians. Gradient: `g · cos x`. */
export function sin(x: Tensor): Tensor {
  return unary('sin', kernels.sin, x, (g) => mul(g, cos(x)));
}

/** `cos x`, x in radians. Gradient: `−g · sin x`. */
export function cos(x: Tensor): Tensor {
  return unary('cos', kernels.cos, x, (g) => neg(mul(g, sin(x))));
}

/** `√x`, NaN below 0. Gradient: `g / 2y`, infinite at 0. */
export function sqrt(x: Tensor): Tensor {
  return unary('sqrt', kernels.sqrt, x, (g, y) => div(g, mul(y, 2)));
}

/** `x²`. Gradient: `2 g x`. */
export function square(x: Tensor): Tensor {
  expectDType('square', 'x', x, 'float32');
  return floatMul(x, x);
}

/** `max(x, 0)`; NaN stays NaN. Gradient: `g` above 0, else 0, also at 0 (as in PyTorch). */
export function relu(x: Tensor): Tensor {
  return unary('relu', kernels.relu, x, (g, y) => slope('reluBackward', kernels.reluBackward, g, y, () => null));
}

/** `ln(1 + e^x)`, without overflow. Gradient: `g · sigmoid(x)`. */
export function softplus(x: Tensor): Tensor {
  return unary('softplus', kernels.softplus, x, (g) => mul(g, sigmoid(x)));
}

/** `min(max(x, low), high)`; NaN stays NaN. Gradient: `g` from `low` to `high`, ends included (as in PyTorch), else 0. */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  expectDType('clamp', 'x', x, 'float32');
  if (typeof low !== 'number' || typeof high !== 'number' || !(low <= high)) {
    throw new RangeError(`clamp: low must not exceed high, got ${shown(low)} and ${shown(high)}`);
  }
  const y = empty(x.shape);
  kernels.clamp(y.ptr, x.ptr, x.size, low, high);
  return record('clamp', y, { inputs: [x], attributes: { low, high } }, (g) => [where(and(lessEqual(low, x), lessEqual(x, high)), g, 0)]);
}
