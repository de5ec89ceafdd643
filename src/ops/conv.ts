// Convolution along one axis: the copy kernel lays out windows, and a matrix product multiplies them.

import { record, taped } from '../autograd/record.ts';
import { expectNames, type Names, shown } from '../tensor/check.ts';
import { asOne } from '../tensor/observe.ts';
import { axisOf, sameShape, show, stridesOf } from '../tensor/shape.ts';
import { empty, expectDType, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { linear } from './matmul.ts';
import { sum } from './reduce.ts';
import { place, reshape } from './shape.ts';
import { copyInto, dense } from './walk.ts';

/**
 * Every stretch of `size` neighbours along `axis`: an axis of length T becomes T − size + 1, and a new last axis holds each stretch
 * (PyTorch's `unfold` with step 1). Gradient: for each element, the sum over the stretches that contain it.
 */
export function unfold(x: Tensor, size: number, axis: number): Tensor {
  expectTensor('unfold', 'x', x);
  const at = axisOf('unfold', axis, x.rank);
  const length = x.shape[at] as number;
  if (!(Number.isInteger(size) && size >= 1 && size <= length)) {
    throw new RangeError(`unfold: size must be a whole number from 1 to ${length}, got ${size}`);
  }
  const strides = stridesOf(x.shape);
  const shape = [...x.shape.map((n, i) => (i === at ? length - size + 1 : n)), size];
  const y = empty(shape, x.dtype);
  copyInto(y, dense(shape), x, { at: 0, strides: [...strides, strides[at] as number] }, shape);
  return record('unfold', y, { inputs: [x], attributes: { size, axis: at } }, (g) => [overlapAdd(g, at)]);
}

/**
 * `y[…, t, …] = Σₖ g[…, t − k, …, k]` where that index exists. With enough zeros around `g`, moving one step back along k is a strided
 * walk.
 */
function overlapAdd(g: Tensor, at: number): Tensor {
  const size = g.shape.at(-1) as number;
  const overlapped = () => taped('overlapAdd', overlaps(g, at), [g], (h) => [unfold(h, size, at)]);
  return asOne('overlapAdd', { inputs: [g], attributes: { axis: at } }, overlapped, (y) => [y]);
}

function overlaps(g: Tensor, at: number): Tensor {
  const size = g.shape.at(-1) as number;
  const starts = g.shape[at] as number;
  const padded = place(g, at, size - 1, starts + 2 * (size - 1));
  const strides = stridesOf(padded.shape);
  const step = strides[at] as number;
  const shape = g.shape.map((n, i) => (i === at ? starts + size - 1 : n));
  const skewed = empty(shape);
  copyInto(skewed, dense(shape), padded, { at: (size - 1) * step, strides: strides.with(-1, 1 - step) }, shape);
  return sum(skewed, { axis: -1 });
}

/** Options of {@link conv1d}. */
export interface ConvOptions {
  /** Zeros before and after: a number for both ends, `same` for as many outputs as inputs (R odd), `causal` for R − 1 before. Default 0. */
  padding?: number | 'same' | 'causal' | undefined;
}

const convOptions: Names<ConvOptions> = { padding: 0 };

/**
 * `y[b, t, o] = bias[o] + Σ_{i,k} weight[o, i, k] · x[b, t + k − p, i]`: `x` `[B, T, I]`, `weight` `[O, I, R]` (PyTorch's layout; the
 * filter is not flipped, as there), `bias` `[O]`, p zeros before and q after. Gives `[B, T + p + q − R + 1, O]`. Gradients: those of the
 * product and of {@link unfold}.
 */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  expectDType('conv1d', 'x', x, 'float32');
  expectDType('conv1d', 'weight', weight, 'float32');
  expectNames('conv1d', options, convOptions);
  const [outputs, inputs, size] = weight.shape as [number, number, number];
  const length = x.shape[1] as number;
  if (x.rank !== 3 || weight.rank !== 3 || x.shape[2] !== inputs) {
    throw new RangeError(`conv1d: x must be [B, T, I] and weight [O, I, K], got ${show(x.shape)} and ${show(weight.shape)}`);
  }
  if (bias !== undefined) {
    expectDType('conv1d', 'bias', bias, 'float32');
    if (!sameShape(bias.shape, [outputs])) throw new RangeError(`conv1d: bias must be ${show([outputs])}, got ${show(bias.shape)}`);
  }
  const [before, after] = ends(size, options.padding ?? 0);
  const total = before + length + after;
  if (size > total) throw new RangeError(`conv1d: weight must be no longer than x with its padding, got ${size} and ${total}`);
  const call = { inputs: [x, weight, bias], attributes: { padding: options.padding ?? 0 } };
  return asOne(
    'conv1d',
    call,
    () => product(x, weight, bias, before, total),
    (y) => [y],
  );
}

/** For checked operands: `x` starts after some zeros, and its padded length is `total`. */
function product(x: Tensor, weight: Tensor, bias: Tensor | undefined, before: number, total: number): Tensor {
  const [outputs, inputs, size] = weight.shape as [number, number, number];
  const runs = unfold(total === x.shape[1] ? x : place(x, 1, before, total), size, 1); // [B, T', I, K]
  const flat = reshape(runs, [...runs.shape.slice(0, 2), inputs * size]);
  return linear(flat, reshape(weight, [outputs, inputs * size]), bias);
}

function ends(size: number, padding: number | 'same' | 'causal'): [before: number, after: number] {
  if (padding === 'causal') return [size - 1, 0];
  if (padding === 'same' && size % 2 === 0) throw new RangeError(`conv1d: padding same needs a weight of odd length, got ${size}`);
  const each = padding === 'same' ? (size - 1) / 2 : padding;
  if (!(Number.isInteger(each) && each >= 0))
    throw new RangeError(`conv1d: padding must be same, causal or a whole number from 0, got ${shown(padding)}`);
  return [each, each];
}
