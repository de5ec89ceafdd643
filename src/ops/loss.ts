// Losses. `reduction`: `mean` (default), `sum`, or `none` for one loss per element.

import { copy } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { anything, expectOptions, isNumber, isOneOf, isPositive, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { broadcastShapes, sameShape, show } from '../tensor/shape.ts';
import { elementsOf, empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, div, maximum, mul, neg, sub } from './binary.ts';
import { abs, clamp, softplus, square } from './elementwise.ts';
import { floatSub, scaled, sumAll } from './float.ts';
import { gather, pick } from './gather.ts';
import { and, equal, greater, greaterEqual, less, toFloat, where } from './logic.ts';
import { sum } from './reduce.ts';
import { reshape } from './shape.ts';
import { logSoftmax, softmax } from './softmax.ts';

/** How the losses of all elements are combined; `none` keeps their shape. */
export type Reduction = 'mean' | 'sum' | 'none';

/** Options of every loss. The default reduction is `mean`. */
export interface LossOptions {
  /** How the losses are combined. Default `mean`. */
  reduction?: Reduction | undefined;
}

/** Options of the losses with index targets. */
export interface ClassOptions extends LossOptions {
  /** A target to ignore: its loss and gradient are 0, and the mean leaves it out. */
  ignoreIndex?: number | undefined;
  /** Class weights `[C]`, at least 0: the factor of each target's loss; the mean divides by the sum of the targets' weights. A constant. */
  weight?: Tensor | undefined;
}

const reduction = /* @__PURE__ */ maybe(isOneOf('mean', 'sum', 'none'));
const lossOptions: Rules<LossOptions> = { reduction };
const ignoreIndex = /* @__PURE__ */ maybe(isNumber);
const classOptions: Rules<ClassOptions> = { reduction, ignoreIndex, weight: anything };

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends ClassOptions {
  /** ε in [0, 1]: the share of the uniform distribution in the target. Default 0. */
  labelSmoothing?: number | undefined;
}

/** The mean divides by `count`; it is 0 if that is 0. */
function reduce(losses: Tensor, reduction: Reduction, count: number): Tensor {
  if (reduction === 'none') return losses;
  const total = sumAll(losses);
  return reduction === 'sum' ? total : scaled(total, count > 0 ? 1 / count : 1);
}

/** The targets, with −1 in place of `ignoreIndex`, and how many remain. */
function classes(op: string, x: Tensor, target: Tensor, ignoreIndex: number | undefined): { index: Tensor; count: number } {
  expectDType(op, 'x', x, 'float32');
  expectDType(op, 'target', target, 'int32');
  if (x.rank === 0 || !sameShape(target.shape, x.shape.slice(0, -1))) {
    throw new RangeError(
      `${op}: target must have the shape of its first operand without the last axis, got ${show(target.shape)} and ${show(x.shape)}`,
    );
  }
  const bound = x.shape.at(-1) as number;
  let count = 0;
  const values = ignoreIndex === undefined ? elementsOf(target) : target.peek(); // the count of targets is the result of no op
  values.forEach((value, i) => {
    if (value === ignoreIndex) return;
    if (!(value >= 0 && value < bound)) throw new RangeError(`${op}: target must be in [0, ${bound}), got ${value} at ${i}`);
    count++;
  });
  const index = ignoreIndex === undefined ? copy(target) : where(equal(target, ignoreIndex), -1, target);
  return { index, count };
}

/** The weight of each target, 0 where it is ignored, and the sum of the weights. */
function targetWeights(op: string, weight: Tensor, index: Tensor, bound: number): { own: Tensor; total: number } {
  expectDType(op, 'weight', weight, 'float32');
  if (!sameShape(weight.shape, [bound])) throw new RangeError(`${op}: weight must be ${show([bound])}, got ${show(weight.shape)}`);
  if (weight.requiresGrad) throw new TypeError(`${op}: weight must be a constant, got a tensor that takes gradients (detach it)`);
  const odd = elementsOf(weight).find((value) => !(value >= 0 && value < Infinity));
  if (odd !== undefined) throw new RangeError(`${op}: weight must be finite and from 0, got ${odd}`);
  const own = where(greaterEqual(index, 0), gather(weight, maximum(index, 0)), 0);
  let total = 0;
  for (const value of own.peek()) total += value;
  return { own, total };
}

/** `−(1 − ε) w[index] y[…, index] − ε/C · Σ w y` of log-probabilities y, over the C classes above −∞; 0 where the index is −1. */
function weighted(y: Tensor, index: Tensor, weight: Tensor, own: Tensor, smoothing: number): Tensor {
  const loss = where(greater(own, 0), mul(neg(pick(y, index)), own), 0); // a class of weight 0 adds nothing, even at −∞
  if (smoothing === 0) return loss;
  const known = mul(uniformOver(y), reshape(toFloat(greaterEqual(index, 0)), [...index.shape, 1]));
  const every = mul(where(greater(known, 0), y, 0), mul(weight, known));
  return sub(smoothing === 1 ? mul(loss, 0) : mul(loss, 1 - smoothing), mul(sum(every, { axis: -1 }), smoothing));
}

/** 1/C at the C elements of a row above −∞, 0 elsewhere. */
function uniformOver(x: Tensor): Tensor {
  const open = toFloat(greater(x, -Infinity));
  return div(open, maximum(sum(open, { axis: -1, keepDims: true }), 1));
}

/** `−x[…, target]`: `x` log-probabilities `[…, C]`, `target` int32 `[…]`. The mean over no target is 0, with gradient 0. */
export function nllLoss(x: Tensor, target: Tensor, options: ClassOptions = {}): Tensor {
  expectOptions('nllLoss', options, classOptions);
  const { reduction = 'mean', ignoreIndex, weight } = options;
  const { index, count } = classes('nllLoss', x, target, ignoreIndex);
  if (weight === undefined) return reduce(neg(pick(x, index)), reduction, count);
  const { own, total } = targetWeights('nllLoss', weight, index, x.shape.at(-1) as number);
  return reduce(weighted(x, index, weight, own, 0), reduction, total);
}

/**
 * `−(1 − ε) y[…, index] − ε/C · Σ y` with `y = logSoftmax(x)` over the C classes above −∞. Int32 `index` `[…]` is a class, or −1 for loss
 * and gradient 0. Gradient: `g · (softmax(x) − ε/C − (1 − ε) at index)`.
 */
function indexedLogLoss(x: Tensor, index: Tensor, smoothing: number): Tensor {
  const [rows, n] = [index.size, x.shape.at(-1) as number];
  const losses = empty(index.shape);
  const stats = empty([rows, 2]);
  kernels.crossEntropy(losses.ptr, stats.ptr, x.ptr, index.ptr, rows, n, smoothing);
  const attributes = { ignoreIndex: -1, labelSmoothing: smoothing, reduction: 'none' };
  const slope = (g: Tensor): Tensor => {
    const dx = empty(x.shape);
    kernels.crossEntropyBackward(dx.ptr, g.ptr, x.ptr, stats.ptr, index.ptr, rows, n, smoothing);
    return record('crossEntropyBackward', dx, { inputs: [g, x, index], attributes }, (h) => lossCurve(h, g, x, index, smoothing));
  };
  return record('crossEntropy', losses, { inputs: [x, index], attributes }, (g) => [slope(g), null]);
}

/**
 * For its own gradient h, with p = softmax(x): `Σ h·p − ε/C · Σ h − (1 − ε) h[index]` to g and `g · p (h − Σ h·p)` to x; 0 where the index
 * is −1.
 */
function lossCurve(h: Tensor, g: Tensor, x: Tensor, index: Tensor, smoothing: number): (Tensor | null)[] {
  const p = softmax(x);
  const known = greaterEqual(index, 0);
  const level = smoothing === 0 ? mul(h, p) : sub(mul(h, p), mul(h, mul(uniformOver(x), smoothing)));
  const toG = () => where(known, sub(sum(level, { axis: -1 }), mul(pick(h, index), 1 - smoothing)), 0);
  const toX = () => {
    const slope = mul(mul(p, sub(h, sum(mul(h, p), { axis: -1, keepDims: true }))), reshape(g, [...g.shape, 1]));
    return where(reshape(known, [...g.shape, 1]), slope, 0);
  };
  return [g.requiresGrad ? toG() : null, x.requiresGrad ? toX() : null, null];
}

const labelSmoothing = /* @__PURE__ */ maybe(ruleOf('in [0, 1]', (x) => (x as number) >= 0 && (x as number) <= 1));
const crossEntropyOptions: Rules<CrossEntropyOptions> = { reduction, ignoreIndex, weight: anything, labelSmoothing };

/**
 * `−ln softmax(logits)[…, target]`: logits `[…, C]`, `target` int32 `[…]`. `labelSmoothing` ε mixes the target with the uniform
 * distribution: `(1 − ε) · that + ε/C · Σ −ln softmax` (Szegedy et al. 2016, "Rethinking the Inception architecture", §7). It differs from
 * PyTorch in two cases. The mean over no target is 0, with gradient 0, where PyTorch gives NaN. A class whose logit is −∞ is left out,
 * where PyTorch's smoothed loss is ∞.
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  expectOptions('crossEntropy', options, crossEntropyOptions);
  const { reduction = 'mean', ignoreIndex, labelSmoothing = 0, weight } = options;
  const { index, count } = classes('crossEntropy', logits, target, ignoreIndex);
  if (weight !== undefined) {
    const { own, total } = targetWeights('crossEntropy', weight, index, logits.shape.at(-1) as number);
    return reduce(weighted(logSoftmax(logits), index, weight, own, labelSmoothing), reduction, total);
  }
  return reduce(indexedLogLoss(logits, index, labelSmoothing), reduction, count);
}

/** Checks the arguments of losses of two operands. */
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
  return reduce(square(floatSub(x, target)), options.reduction ?? 'mean', x.size);
}

/** `|x − target|`. */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  expectPair('l1Loss', x, target, options, lossOptions);
  return reduce(abs(sub(x, target)), options.reduction ?? 'mean', x.size);
}

const smoothOptions: Rules<LossOptions & { beta?: number }> = { reduction, beta: /* @__PURE__ */ maybe(isPositive) };

/** With d = |x − target|: `d² / 2β` below β (default 1), `d − β/2` from there (Girshick 2015, "Fast R-CNN", eq. 3). */
export function smoothL1Loss(x: Tensor, target: Tensor, options: LossOptions & { beta?: number | undefined } = {}): Tensor {
  expectPair('smoothL1Loss', x, target, options, smoothOptions);
  const { beta = 1 } = options;
  const d = abs(sub(x, target));
  const near = mul(square(clamp(d, 0, beta)), 0.5 / beta); // clamped, so that an infinite d has no part in its gradient
  return reduce(where(less(d, beta), near, sub(d, beta / 2)), options.reduction ?? 'mean', x.size);
}

/** Options of {@link binaryCrossEntropyWithLogits}. */
export interface BinaryOptions extends LossOptions {
  /** The factor of positive targets: a number, or a tensor that broadcasts to x, such as `[C]`. A constant. Default 1. */
  posWeight?: Tensor | number | undefined;
}

const binaryOptions: Rules<BinaryOptions> = { reduction, posWeight: anything };

function expectPosWeight(x: Tensor, posWeight: Tensor | number): void {
  const op = 'binaryCrossEntropyWithLogits';
  if (typeof posWeight === 'number') {
    if (!(posWeight >= 0 && posWeight < Infinity)) throw new RangeError(`${op}: posWeight must be finite and from 0, got ${posWeight}`);
    return;
  }
  expectDType(op, 'posWeight', posWeight, 'float32');
  if (posWeight.requiresGrad) throw new TypeError(`${op}: posWeight must be a constant, got a tensor that takes gradients (detach it)`);
  if (!sameShape(broadcastShapes(op, posWeight.shape, x.shape), x.shape)) {
    throw new RangeError(`${op}: posWeight must broadcast to the shape of x, got ${show(posWeight.shape)} and ${show(x.shape)}`);
  }
}

/** `a · b` for a loss b that may be ∞; 0 where a is 0. */
function times(a: Tensor, b: Tensor, infinite: boolean): Tensor {
  return infinite ? where(and(equal(a, 0), equal(b, Infinity)), 0, mul(a, b)) : mul(a, b);
}

/**
 * `−p t ln σ(x) − (1 − t) ln(1 − σ(x))` of logits and targets in [0, 1], computed as `p t · softplus(−x) + (1 − t) · softplus(x)` with p
 * the `posWeight`: nothing overflows, and a correct logit of ±∞ costs 0.
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor, options: BinaryOptions = {}): Tensor {
  expectPair('binaryCrossEntropyWithLogits', x, target, options, binaryOptions);
  const { posWeight = 1, reduction = 'mean' } = options;
  expectPosWeight(x, posWeight);
  const infinite = x.peek().some((value) => value === Infinity || value === -Infinity);
  const positive = posWeight === 1 ? target : mul(target, posWeight);
  const losses = add(times(positive, softplus(neg(x)), infinite), times(sub(1, target), softplus(x), infinite));
  return reduce(losses, reduction, x.size);
}
