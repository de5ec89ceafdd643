// Reductions over axes. `axis` is one or several, negative from the end; all axes if it is left out.

import { sumTo } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectNames, type Names } from '../tensor/check.ts';
import { asOne } from '../tensor/observe.ts';
import { around, axisOf, type Shape, show } from '../tensor/shape.ts';
import { elementsOf, empty, expectDType, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { axisOptions } from './along.ts';
import { mul, neg, sub } from './binary.ts';
import { sqrt, square } from './elementwise.ts';
import { unpick } from './gather.ts';
import { permute, reshape } from './shape.ts';
import { placesOf } from './sort.ts';
import { takeAlongAxis } from './take.ts';
import { viewed } from './view.ts';

/** Options of reductions over any axes. */
export interface ReduceOptions {
  /** The axes to reduce; all by default. */
  axis?: number | readonly number[] | undefined;
  /** Keep the reduced axes with length 1. Default false. */
  keepDims?: boolean | undefined;
}

/** Options of reductions over one axis; without an axis they reduce all elements. */
export interface AxisOptions {
  /** The axis to reduce, negative from the end. Default: all elements. */
  axis?: number | undefined;
  /** Keep the reduced axis with length 1. Default false. */
  keepDims?: boolean | undefined;
}

function axesOf(op: string, x: Tensor, axis: ReduceOptions['axis']): readonly number[] {
  if (axis === undefined) return x.shape.map((_, i) => i);
  if (!Array.isArray(axis)) return [axisOf(op, axis as number, x.rank)];
  const list: readonly number[] = axis;
  const axes = list.map((each) => axisOf(op, each, x.rank));
  if (new Set(axes).size !== list.length) throw new RangeError(`${op}: axis must name each axis once, got ${show(list)}`);
  return axes;
}

const without = (shape: Shape, axes: readonly number[], keepDims = false): Shape =>
  keepDims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i));

/** Sums int32 exactly; a sum beyond 32 bits is an error. */
function wholeSum(x: Tensor, axes: readonly number[]): Tensor {
  const attributes = { axis: axes };
  return asOne(
    'sum',
    { inputs: [x], attributes },
    () => wholeSums(x, axes),
    (y) => [y],
  );
}

function wholeSums(x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const rows = permute(x, [...kept, ...axes]);
  const y = empty(
    kept.map((i) => x.shape[i] as number),
    'int32',
  );
  const [from, to] = [elementsOf(rows), y.view()];
  const n = to.length === 0 ? 0 : from.length / to.length;
  for (let r = 0; r < to.length; r++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += from[r * n + i] as number;
    if (total !== (total | 0)) throw new RangeError(`sum: a sum of int32 must fit 32 bits, got ${total}`);
    to[r] = total;
  }
  return y;
}

/** Sum over axes. Gradient: `g` to every element. Sums of int32 are exact and have no gradient. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  expectTensor('sum', 'x', x);
  expectNames('sum', options, axisOptions);
  const axes = axesOf('sum', x, options.axis);
  if (x.dtype === 'int32') return reshape(wholeSum(x, axes), without(x.shape, axes, options.keepDims));
  expectDType('sum', 'x', x, 'float32');
  return viewed(sumTo(x, without(x.shape, axes, true)), without(x.shape, axes, options.keepDims));
}

/** Mean over axes, which must not be empty. Gradient: `g / n` to every element. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  expectDType('mean', 'x', x, 'float32');
  expectNames('mean', options, axisOptions);
  const n = axesOf('mean', x, options.axis).reduce((product, at) => product * (x.shape[at] as number), 1);
  if (n === 0) throw new RangeError(`mean: axes must not be empty, got ${show(x.shape)}`);
  return mul(sum(x, options), 1 / n);
}

/** One axis, with the lengths that kernels take and the result's shape; without `axis`, all elements as one axis. */
function oneAxis(op: string, x: Tensor, options: AxisOptions) {
  expectTensor(op, 'x', x);
  if (x.dtype !== 'int32') expectDType(op, 'x', x, 'float32');
  expectNames(op, options, axisOptions);
  const { axis, keepDims } = options;
  const [flat, at] = axis === undefined ? [reshape(x, [x.size]), 0] : [x, axisOf(op, axis, x.rank)];
  if (flat.shape[at] === 0) throw new RangeError(`${op}: axis must not be empty, got ${show(x.shape)}`);
  const shape = axis === undefined && keepDims ? x.shape.map(() => 1) : without(flat.shape, [at], keepDims);
  return { flat, at, lengths: around(flat.shape, at), shape };
}

/** Indices and values of the first maximum (or minimum) of int32 along an axis, which keeps length 1. */
function wholeBest(op: string, flat: Tensor, at: number, largest: boolean): { place: Tensor; value: Tensor } {
  const place = placesOf(op, flat, at, largest, 1);
  return { place, value: takeAlongAxis(flat, place, { axis: at }) };
}

/**
 * Maximum over an axis (or all); NaN where an element is NaN. Gradient: to the first maximum alone (PyTorch's `max` with `dim`). Of int32
 * it is exact, without a gradient.
 */
export function max(x: Tensor, options: AxisOptions = {}): Tensor {
  const { flat, at, lengths, shape } = oneAxis('max', x, options);
  if (flat.dtype === 'int32') return reshape(wholeBest('max', flat, at, true).value, shape);
  const y = empty(without(flat.shape, [at]));
  kernels.max(y.ptr, flat.ptr, ...lengths);
  const recorded = record('max', y, { inputs: [flat], attributes: { axis: at } }, (g) => [
    unpick(g, argmax(flat, { axis: at }), flat.shape, at),
  ]);
  return reshape(recorded, shape);
}

/** Index (int32) of the first maximum along an axis (or among all); of the first NaN if there is one. No gradient. */
export function argmax(x: Tensor, options: AxisOptions = {}): Tensor {
  const { flat, at, lengths, shape } = oneAxis('argmax', x, options);
  if (flat.dtype === 'int32') return reshape(wholeBest('argmax', flat, at, true).place, shape);
  const y = empty(without(flat.shape, [at]), 'int32');
  kernels.argmax(y.ptr, flat.ptr, ...lengths);
  return reshape(record('argmax', y, { inputs: [flat], attributes: { axis: at } }), shape);
}

/**
 * Minimum over an axis (or all); NaN where an element is NaN. Gradient: to the first minimum alone. Of int32 it is exact, without a
 * gradient.
 */
export function min(x: Tensor, options: AxisOptions = {}): Tensor {
  const { flat, at, shape } = oneAxis('min', x, options);
  if (flat.dtype === 'int32') return reshape(wholeBest('min', flat, at, false).value, shape);
  return neg(max(neg(x), options));
}

/** Index (int32) of the first minimum along an axis (or among all); of the first NaN if there is one. No gradient. */
export function argmin(x: Tensor, options: AxisOptions = {}): Tensor {
  const { flat, at, shape } = oneAxis('argmin', x, options);
  if (flat.dtype === 'int32') return reshape(wholeBest('argmin', flat, at, false).place, shape);
  return argmax(neg(x), options);
}

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions extends ReduceOptions {
  /**
   * Subtracted from the number of elements in the divisor: 1 estimates from a sample, 0 is for a whole population. Default 1, as in
   * PyTorch.
   */
  correction?: number | undefined;
}

const varianceOptions: Names<VarianceOptions> = { axis: 0, keepDims: 0, correction: 0 };

function spread(op: string, x: Tensor, options: VarianceOptions): Tensor {
  expectDType(op, 'x', x, 'float32');
  expectNames(op, options, varianceOptions);
  const { correction = 1, ...rest } = options;
  const axes = axesOf(op, x, rest.axis);
  const n = axes.reduce((product, at) => product * (x.shape[at] as number), 1);
  if (!(Number.isFinite(correction) && n > correction)) {
    throw new RangeError(`${op}: axes must hold more elements than the correction, got ${n} and ${correction}`);
  }
  return mul(sum(square(sub(x, mean(x, { axis: axes, keepDims: true }))), rest), 1 / (n - correction));
}

/** `Σ (x − ⟨x⟩)² / (n − correction)` over axes, ⟨x⟩ their mean: computed in two passes, so a large mean loses no precision. */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  return spread('variance', x, options);
}

/** The square root of the {@link variance}. Gradient: infinite where it is 0, as in PyTorch. */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  return sqrt(spread('std', x, options));
}
