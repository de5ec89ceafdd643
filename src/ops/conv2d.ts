// Convolution of images. The kernel packs patches as a product wants them; the gradient by the image is a convolution again, of a turned filter.

import { sumTo } from '../autograd/arithmetic.ts';
import { record, taped } from '../autograd/record.ts';
import { convolutions } from '../runtime/convolutions.ts';
import * as call from '../runtime/generated/calls.ts';
import { withScratch } from '../runtime/room.ts';
import { anything, expectOptions, type Rules, shown } from '../tensor/check.ts';
import { cleared } from '../tensor/create.ts';
import { asOne } from '../tensor/observe.ts';
import { sameShape, show, stridesOf } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { both, isPair, type Pair, pairOf, type Two } from './pair.ts';
import { dense as denseMatrix } from './product/matrix.ts';
import { rightPanels } from './product/panels.ts';
import { copyInto, dense } from './walk.ts';

/** Options of {@link conv2d}; a pair is one number for rows and one for columns. */
export interface Conv2dOptions {
  /** Pixels from one patch to the next. Default 1. */
  stride?: Pair | undefined;
  /** Zeros around the image: a number of rows and columns, or `same` for as many outputs as inputs at stride 1 (filters of odd size). Default 0. */
  padding?: Pair | 'same' | undefined;
}

/** Options of {@link convTranspose2d}. */
export interface ConvTranspose2dOptions {
  /** Pixels from one patch to the next. Default 1. */
  stride?: Pair | undefined;
  /** Rows and columns to leave out around the result. Default 0. */
  padding?: Pair | undefined;
  /** Rows and columns to add at the end, fewer than `stride`: of the sizes that a convolution takes to the size of `x`, which one. Default 0. */
  outputPadding?: Pair | undefined;
}

const conv2dOptions: Rules<Conv2dOptions> = /* @__PURE__ */ (() => ({ stride: isPair(1), padding: anything }))();
const transposeOptions: Rules<ConvTranspose2dOptions> = /* @__PURE__ */ (() => ({
  stride: isPair(1),
  padding: isPair(0),
  outputPadding: isPair(0),
}))();

/** How patches lie: the size of the filter, the distance of patches, and the rows and columns before the image at which the first begins. */
interface Patches {
  readonly window: Two;
  readonly stride: Two;
  readonly before: Two;
}

/** The stretch of a filter's axis that takes part: its indices `first + i·step`, the last first if the step is negative. */
interface Taps {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

const all = (count: number): Taps => ({ first: 0, step: 1, count });

/**
 * A filter `[O, I, rows, columns]` as panels of the right operand of a product, terms in order of row, column and channel: the channels of
 * patches are I, or O if `turned`.
 */
function panelsOf(weight: Tensor, rows: Taps, columns: Taps, turned: boolean): Tensor {
  const [outputs, inputs] = weight.shape as [number, number, number, number];
  const [o, i, r, c] = stridesOf(weight.shape) as [number, number, number, number];
  const [left, right, channels, results] = turned ? [i, o, outputs, inputs] : [o, i, inputs, outputs];
  const shape = [results, rows.count, columns.count, channels];
  const ordered = empty(shape);
  const strides = [left, rows.step * r, columns.step * c, right];
  copyInto(ordered, dense(shape), weight, { at: rows.first * r + columns.first * c, strides }, shape);
  const terms = rows.count * columns.count * channels;
  return rightPanels(denseMatrix(ordered.ptr, terms, true), terms, results);
}

/** Fills `y` `[B, rows, columns, O]` with the convolution of `x`, or adds it. */
function convolve(y: Tensor, x: Tensor, panels: Tensor, { window, stride, before }: Patches, beta: 0 | 1): void {
  const [batch, rows, columns, outputs] = y.shape as [number, number, number, number];
  const [, height, width, depth] = x.shape as [number, number, number, number];
  const lengths = {
    ...{ depth, columns, outputs, windowRows: window[0], windowColumns: window[1], strideY: stride[0], strideX: stride[1] },
  };
  if (y.size === 0) return;
  withScratch(convolutions, 'conv2d', lengths, (scratch) =>
    call.conv2d({
      ...{ out: y.ptr, x: x.ptr, weight: panels.ptr, from: 0, to: batch * rows, height, width, rows, ...lengths },
      ...{ top: before[0], left: before[1], beta, scratch },
    }),
  );
}

function expectFilter(op: string, x: Tensor, weight: Tensor, bias: Tensor | undefined, axes: readonly [channels: number, results: number]) {
  expectDType(op, 'x', x, 'float32');
  expectDType(op, 'weight', weight, 'float32');
  const [channels, results] = axes;
  if (x.rank !== 4 || weight.rank !== 4 || x.shape[3] !== weight.shape[channels] || weight.shape[2] === 0 || weight.shape[3] === 0) {
    const form = channels === 1 ? '[O, I, rows, columns]' : '[I, O, rows, columns]';
    throw new RangeError(`${op}: x must be [B, height, width, I] and weight ${form}, got ${show(x.shape)} and ${show(weight.shape)}`);
  }
  if (bias === undefined) return;
  expectDType(op, 'bias', bias, 'float32');
  if (!sameShape(bias.shape, [weight.shape[results] as number])) {
    throw new RangeError(`${op}: bias must be [${weight.shape[results]}], got ${show(bias.shape)}`);
  }
}

function paddingOf(padding: Pair | 'same', window: Two): [number, number] {
  if (padding !== 'same') {
    if (typeof padding === 'string') throw new RangeError(`conv2d: padding must be same or whole numbers from 0, got ${shown(padding)}`);
    return pairOf('conv2d', 'padding', padding, 0);
  }
  if (window.some((each) => each % 2 === 0)) throw new RangeError(`conv2d: padding same needs a weight of odd size, got ${show(window)}`);
  return [(window[0] - 1) / 2, (window[1] - 1) / 2];
}

const biased = (y: Tensor, bias: Tensor | undefined): 0 | 1 => {
  const [rows, outputs] = [y.size / (y.shape[3] || 1), y.shape[3] as number];
  if (!bias) return 0;
  call.copy({ out: y.ptr, x: bias.ptr, lengths: [1, 1, rows, outputs], oStrides: [0, 0, outputs, 1], xStrides: [0, 0, 0, 1] });
  return 1;
};

/**
 * `y[b, r, c, o] = bias[o] + Σ weight[o, i, p, q] · x[b, r·s + p − top, c·s + q − left, i]`, zeros outside: `x` `[B, height, width, I]` with
 * **channels last**, `weight` `[O, I, rows, columns]` in PyTorch's layout (not flipped, as there), `bias` `[O]`; gives `[B, height′, width′, O]`.
 * `permute(x, [0, 2, 3, 1])` makes such images of PyTorch's. An element's terms are added in order of row, column and channel, in blocks of
 * 256. Gradients: {@link convTranspose2d} of `g` for `x`; for `weight` the product of all patches with `g`, tile by tile; for `bias` the sum of `g`.
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  expectFilter('conv2d', x, weight, bias, [1, 0]);
  expectOptions('conv2d', options, conv2dOptions);
  const [outputs, , ...size] = weight.shape as [number, number, number, number];
  const [batch, ...lengths] = x.shape.slice(0, 3) as [number, number, number];
  const stride = pairOf('conv2d', 'stride', options.stride ?? 1, 1);
  const before = paddingOf(options.padding ?? 0, size);
  const room = both((i) => lengths[i] + 2 * before[i] - size[i]);
  if (room[0] < 0 || room[1] < 0) {
    throw new RangeError(`conv2d: weight must be no larger than x with its padding, got ${show(size)} for ${show(x.shape)}`);
  }
  const y = empty([batch, ...both((i) => Math.floor(room[i] / stride[i]) + 1), outputs]);
  const patches = { window: size, stride, before };
  convolve(y, x, panelsOf(weight, all(size[0]), all(size[1]), false), patches, biased(y, bias));
  return record('conv2d', y, { inputs: [x, weight, bias], attributes: { stride, padding: before } }, (g) => [
    x.requiresGrad ? transposed(g, weight, patches, lengths) : null,
    weight.requiresGrad ? weightGradient(x, g, patches) : null,
    bias?.requiresGrad ? sumTo(g, [outputs]) : null,
  ]);
}

/** The transpose of a convolution of images of the size `lengths`. */
function transposed(g: Tensor, weight: Tensor, { window, stride, before }: Patches, lengths: Two): Tensor {
  const outputPadding = both((i) => (lengths[i] + 2 * before[i] - window[i]) % stride[i]);
  return convTranspose2d(g, weight, undefined, { stride, padding: before, outputPadding });
}

/** `Σ patch ⊗ g`: the gradient of a filter `[O, I, rows, columns]` that took `x` to what has the gradient `g`. */
function weightGradient(x: Tensor, g: Tensor, patches: Patches): Tensor {
  const { window, stride, before } = patches;
  const [batch, height, width, depth] = x.shape as [number, number, number, number];
  const [, rows, columns, outputs] = g.shape as [number, number, number, number];
  const places = window[0] * window[1];
  const lengths = { depth, columns, outputs, windowRows: window[0], windowColumns: window[1], strideY: stride[0], strideX: stride[1] };
  const summed = () => {
    const flat = empty([places, depth, outputs]);
    withScratch(convolutions, 'conv2dWeightBackward', lengths, (scratch) =>
      call.conv2dWeightBackward({
        ...{ dweight: flat.ptr, g: g.ptr, x: x.ptr, from: 0, to: places, batch, height, width, rows, ...lengths },
        ...{ top: before[0], left: before[1], scratch },
      }),
    );
    const shape = [outputs, depth, window[0], window[1]];
    const dweight = empty(shape);
    copyInto(dweight, dense(shape), flat, { at: 0, strides: [1, outputs, window[1] * depth * outputs, depth * outputs] }, shape);
    return taped('conv2dWeight', dweight, [x, g], (h) => [
      x.requiresGrad ? transposed(g, h, patches, [height, width]) : null,
      g.requiresGrad ? conv2d(x, h, undefined, { stride, padding: before }) : null,
    ]);
  };
  return asOne('conv2dWeight', { inputs: [x, g], attributes: { window, stride, padding: before } }, summed, (dweight) => [dweight]);
}

/** The results of a transposed convolution that lie `stride` apart along an axis, and the taps that reach them. */
interface Phase {
  readonly taps: Taps;
  /** The first of them, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** The rows or columns of `x` before its own first at which the taps of the first begin. */
  readonly before: number;
}

/** Results y with `y + padding ≡ a` modulo the stride get the taps `a + j·stride`, each from `x` at `(y + padding − a) / stride − j`. */
function phasesOf(length: number, size: number, stride: number, padding: number): Phase[] {
  return Array.from({ length: Math.min(stride, length) }, (_, first) => {
    const a = (first + padding) % stride;
    const count = Math.max(0, Math.ceil((size - a) / stride));
    const taps = { first: a + (count - 1) * stride, step: -stride, count };
    return { taps, first, count: Math.ceil((length - first) / stride), before: count - 1 - (first + padding - a) / stride };
  });
}

/**
 * The transpose of {@link conv2d}, which is its gradient by the image: `x` `[B, height, width, I]` with channels last, `weight` `[I, O, rows,
 * columns]` in PyTorch's layout for it, `bias` `[O]`; gives `[B, (height − 1)·s − 2·padding + rows + outputPadding, …, O]`. Each result is
 * one sum over the taps that reach it: where the stride is s, s² convolutions of every s-th tap. Gradients: {@link conv2d} of `g` for `x`, and as there.
 */
export function convTranspose2d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  expectFilter('convTranspose2d', x, weight, bias, [0, 1]);
  expectOptions('convTranspose2d', options, transposeOptions);
  const [, outputs, ...size] = weight.shape as [number, number, number, number];
  const stride = pairOf('convTranspose2d', 'stride', options.stride ?? 1, 1);
  const padding = pairOf('convTranspose2d', 'padding', options.padding ?? 0, 0);
  const extra = pairOf('convTranspose2d', 'outputPadding', options.outputPadding ?? 0, 0);
  if (extra[0] >= stride[0] || extra[1] >= stride[1]) {
    throw new RangeError(`convTranspose2d: outputPadding must be below stride, got ${show(extra)} and ${show(stride)}`);
  }
  const [batch, ...lengths] = x.shape.slice(0, 3) as [number, number, number];
  const [height, width] = both((i) => (lengths[i] - 1) * stride[i] - 2 * padding[i] + size[i] + extra[i]);
  if (height < 1 || width < 1)
    throw new RangeError(`convTranspose2d: padding must leave a result, got ${show([height, width])} for ${show(x.shape)}`);
  const y = spread(x, weight, bias, [batch, height, width, outputs], stride, padding);
  const patches = { window: size, stride, before: padding };
  const attributes = { stride, padding, outputPadding: extra };
  return record('convTranspose2d', y, { inputs: [x, weight, bias], attributes }, (g) => [
    x.requiresGrad ? conv2d(g, weight, undefined, { stride, padding }) : null,
    weight.requiresGrad ? weightGradient(g, x, patches) : null,
    bias?.requiresGrad ? sumTo(g, [outputs]) : null,
  ]);
}

function spread(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  shape: readonly [number, number, number, number],
  stride: Two,
  padding: Two,
): Tensor {
  const [batch, height, width, outputs] = shape;
  const [, , high, wide] = weight.shape as [number, number, number, number];
  const whole = stride[0] * stride[1] === 1;
  const y = whole ? empty(shape) : cleared(shape);
  const [, down, right] = stridesOf(shape) as [number, number, number, number];
  for (const r of phasesOf(height, high, stride[0], padding[0])) {
    for (const c of phasesOf(width, wide, stride[1], padding[1])) {
      const part = whole ? y : empty([batch, r.count, c.count, outputs]);
      const reached = r.taps.count * c.taps.count > 0;
      if (!reached && !bias) continue;
      const beta = biased(part, bias);
      const patches: Patches = { window: [r.taps.count, c.taps.count], stride: [1, 1], before: [r.before, c.before] };
      if (reached) convolve(part, x, panelsOf(weight, r.taps, c.taps, true), patches, beta);
      if (whole) continue;
      const to = { at: r.first * down + c.first * right, strides: [height * down, stride[0] * down, stride[1] * right, 1] };
      copyInto(y, to, part, dense(part.shape), part.shape);
    }
  }
  return y;
}
