// Activations of Transformers that are more than one function: a kernel each, and one for the gradient.

import { recompose } from '../autograd/recompose.ts';
import { record, recording } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { ruleOf } from '../tensor/check.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { affine, mul } from './binary.ts';
import { sigmoid, slope, unary } from './elementwise.ts';

/** `x σ(x)`, σ the {@link sigmoid} (Elfwing, Uchibe and Doya 2018; also "swish"). Gradient: `g · (σ + x σ (1 − σ))`. */
export function silu(x: Tensor): Tensor {
  return unary('silu', kernels.silu, x, (g) => slope('siluBackward', kernels.siluBackward, g, x, (hg) => mul(hg, curve(x))));
}

/** silu's second derivative, `σ (1 − σ) (2 + x (1 − 2σ))`. */
function curve(x: Tensor): Tensor {
  const s = sigmoid(x);
  return mul(mul(s, affine(s, -1, 1)), affine(mul(x, affine(s, -2, 1)), 1, 2));
}

/**
 * `silu(gate) · up`, element by element (Shazeer 2020, "GLU variants improve Transformer"), with the bits of the two ops. Gradients: `g · up` through
 * {@link silu}, and `g · silu(gate)`.
 */
export function swiglu(gate: Tensor, up: Tensor): Tensor {
  expectDType('swiglu', 'gate', gate, 'float32');
  expectDType('swiglu', 'up', up, 'float32');
  if (!sameShape(gate.shape, up.shape)) {
    throw new RangeError(`swiglu: up must have the shape of gate, got ${show(up.shape)} and ${show(gate.shape)}`);
  }
  const y = empty(gate.shape);
  kernels.swiglu(y.ptr, gate.ptr, up.ptr, y.size);
  return record('swiglu', y, { inputs: [gate, up] }, (g) => {
    if (recording()) return recompose((a, b) => mul(silu(a), b), [gate, up], g);
    const [dgate, dup] = [empty(gate.shape), empty(gate.shape)];
    kernels.swigluBackward(dgate.ptr, dup.ptr, g.ptr, gate.ptr, up.ptr, y.size);
    return [dgate, dup];
  });
}

/** `max(x, 0)²` (So et al. 2021, "Primer"). Gradient: `2 g x` above 0, else 0. */
export function reluSquared(x: Tensor): Tensor {
  const toX = (hg: Tensor) => slope('reluBackward', kernels.reluBackward, mul(hg, 2), x, () => null);
  return unary('reluSquared', kernels.reluSquared, x, (g) => slope('reluSquaredBackward', kernels.reluSquaredBackward, g, x, toX));
}

const isCap = /* @__PURE__ */ ruleOf('a number above 0', (value) => Number.isFinite(value) && Math.fround(value as number) > 0);

/** `cap · tanh(x / cap)`: what is small stays as it is, and nothing exceeds `cap` (Bello et al. 2017; Gemma 2). Gradient: `g · (1 − (y / cap)²)`. */
export function softcap(x: Tensor, cap: number): Tensor {
  expectDType('softcap', 'x', x, 'float32');
  isCap('softcap', 'cap', cap);
  const y = empty(x.shape);
  kernels.softcap(y.ptr, x.ptr, x.size, cap);
  return record('softcap', y, { inputs: [x], attributes: { cap } }, (g) => [softcapBackward(g, y, cap)]);
}

/** With h its gradient: the same map of h to g, and `−2 h g y / cap²` to y. */
function softcapBackward(g: Tensor, y: Tensor, cap: number): Tensor {
  const dx = empty(y.shape);
  kernels.softcapBackward(dx.ptr, g.ptr, y.ptr, y.size, cap);
  return record('softcapBackward', dx, { inputs: [g, y], attributes: { cap } }, (h) => [
    softcapBackward(h, y, cap),
    y.requiresGrad ? mul(mul(mul(h, g), y), -2 / (cap * cap)) : null,
  ]);
}
