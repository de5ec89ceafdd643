// Axes that become one number. `axis` is one or several, negative from the end; all of them where it is left out.

import { sumTo } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectNames } from '../tensor/check.ts';
import { around, axisOf, type Shape, show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { axisOptions } from './along.ts';
import { mul } from './binary.ts';
import { unpick } from './gather.ts';
import { reshape } from './shape.ts';

/** Options of reductions over any axes. */
export interface ReduceOptions {
  /** Which axes go; all by default. */
  axis?: number | readonly number[];
  /** Leave them with length 1. Default false. */
  keepDims?: boolean;
}

/** Options of reductions over one axis; over all elements where no axis is given. */
export interface AxisOptions {
  axis?: number;
  keepDims?: boolean;
}

function axesOf(op: string, x: Tensor, axis: ReduceOptions['axis']): ReadonlySet<number> {
  const list = axis === undefined ? x.shape.map((_, i) => i) : Array.isArray(axis) ? axis : [axis];
  const axes = new Set(list.map((each) => axisOf(op, each, x.rank)));
  if (axes.size !== list.length) throw new RangeError(`${op}: axis must name each axis once, got ${show(list)}`);
  return axes;
}

const without = (shape: Shape, axes: ReadonlySet<number>, keepDims = false): Shape =>
  keepDims ? shape.map((n, i) => (axes.has(i) ? 1 : n)) : shape.filter((_, i) => !axes.has(i));

/** Sum over axes. Gradient: `g` to every element. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  expectDType('sum', 'x', x, 'float32');
  expectNames('sum', options, axisOptions);
  const axes = axesOf('sum', x, options.axis);
  return reshape(sumTo(x, without(x.shape, axes, true)), without(x.shape, axes, options.keepDims));
}

/** Mean over axes, which must not be empty. Gradient: `g / n` to every element. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  expectDType('mean', 'x', x, 'float32');
  expectNames('mean', options, axisOptions);
  const n = [...axesOf('mean', x, options.axis)].reduce((product, at) => product * (x.shape[at] as number), 1);
  if (n === 0) throw new RangeError(`mean: axes must not be empty, got ${show(x.shape)}`);
  return mul(sum(x, options), 1 / n);
}

/** One axis, with the lengths kernels take and the result's shape; without `axis`, all elements as one axis. */
function oneAxis(op: string, x: Tensor, options: AxisOptions) {
  expectDType(op, 'x', x, 'float32');
  expectNames(op, options, axisOptions);
  const { axis, keepDims } = options;
  const [flat, at] = axis === undefined ? [reshape(x, [x.size]), 0] : [x, axisOf(op, axis, x.rank)];
  if (flat.shape[at] === 0) throw new RangeError(`${op}: axis must not be empty, got ${show(x.shape)}`);
  const shape = axis === undefined && keepDims ? x.shape.map(() => 1) : without(flat.shape, new Set([at]), keepDims);
  return { flat, at, lengths: around(flat.shape, at), shape };
}

/** Largest over an axis (or all); NaN where one is NaN. Gradient: to the first of the largest alone (PyTorch's `max` with `dim`). */
export function max(x: Tensor, options: AxisOptions = {}): Tensor {
  const { flat, at, lengths, shape } = oneAxis('max', x, options);
  const y = empty(without(flat.shape, new Set([at])));
  kernels.max(y.ptr, flat.ptr, ...lengths);
  const recorded = record('max', y, [flat], (g) => [unpick(g, argmax(flat, { axis: at }), flat.shape, at)]);
  return reshape(recorded, shape);
}

/** Index (int32) of the first largest along an axis (or among all); the first NaN where there is one. No gradient. */
export function argmax(x: Tensor, options: AxisOptions = {}): Tensor {
  const { flat, lengths, shape } = oneAxis('argmax', x, options);
  const y = empty(shape, 'int32');
  kernels.argmax(y.ptr, flat.ptr, ...lengths);
  return y;
}
