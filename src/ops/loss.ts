// Losses. `reduction`: `mean` (default), `sum`, or `none` for one number an element.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectOptions, isNumber, isOneOf, isPositive, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, mul, neg, sub } from './binary.ts';
import { abs, clamp, softplus, square } from './elementwise.ts';
import { pick } from './gather.ts';
import { greaterEqual, where } from './logic.ts';
import { sum } from './reduce.ts';
import { reshape } from './shape.ts';
import { softmax } from './softmax.ts';

/** What becomes of the losses of all elements; `none` keeps their shape. */
export type Reduction = 'mean' | 'sum' | 'none';

/** Options of every loss; the reduction is `mean` by default. */
export interface LossOptions {
  reduction?: Reduction;
}

/** Options of the losses with index targets. */
export interface ClassOptions extends LossOptions {
  /** A target that counts for nothing: loss and gradient 0, left out of the mean. */
  ignoreIndex?: number;
}

const reduction = /* @__PURE__ */ maybe(isOneOf('mean', 'sum', 'none'));
const lossOptions: Rules<LossOptions> = { reduction };
const ignoreIndex = /* @__PURE__ */ maybe(isNumber);
const classOptions: Rules<ClassOptions> = { reduction, ignoreIndex };

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends ClassOptions {
  /** ε in [0, 1]: the share of the uniform distribution in the target. Default 0. */
  labelSmoothing?: number;
}

/** The mean is over `count` elements, and 0 where there are none. */
function reduce(losses: Tensor, reduction: Reduction, count: number): Tensor {
  if (reduction === 'none') return losses;
  const total = sum(losses);
  return reduction === 'sum' ? total : mul(total, 1 / Math.max(1, count));
}

/** The targets with −1 in place of `ignoreIndex`, and how many are left. */
function classes(op: string, x: Tensor, target: Tensor, ignoreIndex: number | undefined): { index: Tensor; count: number } {
  expectDType(op, 'x', x, 'float32');
  expectDType(op, 'target', target, 'int32');
  if (x.rank === 0 || !sameShape(target.shape, x.shape.slice(0, -1))) {
    throw new RangeError(
      `${op}: target must have the shape of its first operand without the last axis, got ${show(target.shape)} and ${show(x.shape)}`,
    );
  }
  const bound = x.shape.at(-1) as number;
  const index = empty(target.shape, 'int32');
  const [from, to] = [target.peek(), index.view()];
  let count = 0;
  for (let i = 0; i < from.length; i++) {
    const value = from[i] as number;
    to[i] = value === ignoreIndex ? -1 : value;
    if (value === ignoreIndex) continue;
    if (!(value >= 0 && value < bound)) throw new RangeError(`${op}: target must be in [0, ${bound}), got ${value} at ${i}`);
    count++;
  }
  return { index, count };
}

/** `−x[…, target]`: `x` log-probabilities `[…, C]`, `target` int32 `[…]`. The mean over no target at all is 0, with gradient 0. */
export function nllLoss(x: Tensor, target: Tensor, options: ClassOptions = {}): Tensor {
  expectOptions('nllLoss', options, classOptions);
  const { index, count } = classes('nllLoss', x, target, options.ignoreIndex);
  return reduce(neg(pick(x, index)), options.reduction ?? 'mean', count);
}

/**
 * `−(1 − ε) y[…, index] − ε/C · Σ y` with `y = logSoftmax(x)`: `x` `[…, C]`, int32 `index` `[…]` in [0, C) or −1, where the loss and
 * the gradient are 0. Gradient: `g · (softmax(x) − ε/C − (1 − ε) at index)`.
 */
function indexedLogLoss(x: Tensor, index: Tensor, smoothing: number): Tensor {
  const [rows, n] = [index.size, x.shape.at(-1) as number];
  const losses = empty(index.shape);
  const stats = empty([rows, 2]);
  kernels.crossEntropy(losses.ptr, stats.ptr, x.ptr, index.ptr, rows, n, smoothing);
  const slope = (g: Tensor): Tensor => {
    const dx = empty(x.shape);
    kernels.crossEntropyBackward(dx.ptr, g.ptr, x.ptr, stats.ptr, index.ptr, rows, n, smoothing);
    return record('crossEntropyBackward', dx, [g, x], (h) => lossCurve(h, g, x, index, smoothing));
  };
  return record('crossEntropy', losses, [x], (g) => [slope(g)]);
}

/** With p = softmax(x): `Σ h·p − ε/C · Σ h − (1 − ε) h[index]` to g and `g · p (h − Σ h·p)` to x; 0 where the index is −1. */
function lossCurve(h: Tensor, g: Tensor, x: Tensor, index: Tensor, smoothing: number): [Tensor | null, Tensor | null] {
  const p = softmax(x);
  const known = greaterEqual(index, 0);
  const level = sub(mul(h, p), mul(h, smoothing / (x.shape.at(-1) as number)));
  const toG = () => where(known, sub(sum(level, { axis: -1 }), mul(pick(h, index), 1 - smoothing)), 0);
  const toX = () => mul(mul(p, sub(h, sum(mul(h, p), { axis: -1, keepDims: true }))), reshape(where(known, g, 0), [...g.shape, 1]));
  return [g.requiresGrad ? toG() : null, x.requiresGrad ? toX() : null];
}

const labelSmoothing = /* @__PURE__ */ maybe(ruleOf('in [0, 1]', (x) => (x as number) >= 0 && (x as number) <= 1));
const crossEntropyOptions: Rules<CrossEntropyOptions> = { reduction, ignoreIndex, labelSmoothing };

/**
 * `−ln softmax(logits)[…, target]`: logits `[…, C]`, `target` int32 `[…]`. `labelSmoothing` ε mixes the target with the uniform
 * distribution: `(1 − ε) · that + ε/C · Σ −ln softmax` (Szegedy et al. 2016, "Rethinking the Inception architecture", §7). As in
 * PyTorch, but that the mean over no target at all is 0, with gradient 0, where PyTorch's is NaN.
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  expectOptions('crossEntropy', options, crossEntropyOptions);
  const { reduction = 'mean', ignoreIndex, labelSmoothing = 0 } = options;
  const { index, count } = classes('crossEntropy', logits, target, ignoreIndex);
  return reduce(indexedLogLoss(logits, index, labelSmoothing), reduction, count);
}

/** Checks what losses of two operands are given. */
function expectPair<O extends LossOptions>(op: string, x: Tensor, target: Tensor, options: O, rules: Rules<NoInfer<O>>): void {
  expectDType(op, 'x', x, 'float32');
  expectDType(op, 'target', target, 'float32');
  expectOptions(op, options, rules);
  if (!sameShape(x.shape, target.shape)) {
    throw new RangeError(`${op}: shapes must agree, got ${show(x.shape)} and ${show(target.shape)}`);
  }
}

/** `(x − target)²`. */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  expectPair('mseLoss', x, target, options, lossOptions);
  return reduce(square(sub(x, target)), options.reduction ?? 'mean', x.size);
}

/** `|x − target|`. */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  expectPair('l1Loss', x, target, options, lossOptions);
  return reduce(abs(sub(x, target)), options.reduction ?? 'mean', x.size);
}

const smoothOptions: Rules<LossOptions & { beta?: number }> = { reduction, beta: /* @__PURE__ */ maybe(isPositive) };

/** With d = |x − target|: `d² / 2β` below β (default 1), `d − β/2` from there (Girshick 2015, "Fast R-CNN", eq. 3). */
export function smoothL1Loss(x: Tensor, target: Tensor, options: LossOptions & { beta?: number } = {}): Tensor {
  expectPair('smoothL1Loss', x, target, options, smoothOptions);
  const { beta = 1 } = options;
  const d = abs(sub(x, target));
  const near = clamp(d, 0, beta);
  // near²/2β + (d − near): below β the second part is 0, above it the first is β/2.
  return reduce(add(mul(square(near), 0.5 / beta), sub(d, near)), options.reduction ?? 'mean', x.size);
}

/** `−t ln σ(x) − (1 − t) ln(1 − σ(x))` of logits and targets in [0, 1], as `t·softplus(−x) + (1 − t)·softplus(x)`: nothing overflows. */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  expectPair('binaryCrossEntropyWithLogits', x, target, options, lossOptions);
  const losses = add(mul(target, softplus(neg(x))), mul(sub(1, target), softplus(x)));
  return reduce(losses, options.reduction ?? 'mean', x.size);
}
