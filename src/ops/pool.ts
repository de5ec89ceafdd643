// Pools of images: the mean, or the largest, of each window.

import { record, taped } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import * as call from '../runtime/generated/calls.ts';
import { expectOptions, type Rules } from '../tensor/check.ts';
import { asOne } from '../tensor/observe.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { add, mul } from './binary.ts';
import { both, imagesOf, isPair, type Pair, pairOf, resized, type Two } from './pair.ts';
import { sum } from './reduce.ts';
import { place, slice } from './shape.ts';
import { takeAlongAxis } from './take.ts';
import { viewed } from './view.ts';

/** Options of {@link maxPool2d} and {@link avgPool2d}; a pair is one number for rows and one for columns. */
export interface PoolOptions {
  /** Pixels from one window to the next. Default: the window's size, so that windows do not overlap. */
  stride?: Pair | undefined;
  /** Rows and columns around the image that windows may reach, at most half a window. Default 0. */
  padding?: Pair | undefined;
}

const poolOptions: Rules<PoolOptions> = /* @__PURE__ */ (() => ({ stride: isPair(1), padding: isPair(0) }))();

/** Where windows lie, of rows and of columns, and how many there are. */
interface Windows {
  readonly size: Two;
  readonly stride: Two;
  readonly padding: Two;
  readonly count: Two;
}

function windowsOf(op: string, x: Tensor, given: Pair, options: PoolOptions): Windows {
  const [, ...lengths] = imagesOf(op, x).slice(0, 3) as [number, number, number];
  expectOptions(op, options, poolOptions);
  const size = pairOf(op, 'size', given, 1);
  const stride = pairOf(op, 'stride', options.stride ?? size, 1);
  const padding = pairOf(op, 'padding', options.padding ?? 0, 0);
  if (2 * padding[0] > size[0] || 2 * padding[1] > size[1]) {
    throw new RangeError(`${op}: padding must be at most half the size, got ${show(padding)} for ${show(size)}`);
  }
  const count = both((i) => Math.floor((lengths[i] + 2 * padding[i] - size[i]) / stride[i]) + 1);
  if (count[0] < 1 || count[1] < 1) throw new RangeError(`${op}: size must fit into the image, got ${show(size)} for ${show(x.shape)}`);
  return { size, stride, padding, count };
}

/**
 * The largest of each window and channel: `x` `[B, height, width]` or `[B, height, width, C]`, `size` of the window. Padding never wins; NaN does. Gradient: to the
 * place of the largest, of equals the first in rows and then columns, as in PyTorch.
 */
export function maxPool2d(x: Tensor, size: Pair, options: PoolOptions = {}): Tensor {
  const { size: own, stride, padding, count } = windowsOf('maxPool2d', x, size, options);
  const [batch, height, width, depth] = imagesOf('maxPool2d', x);
  const y = empty(resized(x, ...count));
  const index = empty(y.shape, 'int32');
  call.maxPool2d({
    ...{ out: y.ptr, place: index.ptr, x: x.ptr, batch, height, width, depth, rows: count[0], columns: count[1] },
    ...{ windowRows: own[0], windowColumns: own[1], strideY: stride[0], strideX: stride[1], top: padding[0], left: padding[1] },
  });
  return record('maxPool2d', y, { inputs: [x], attributes: { size: own, stride, padding } }, (g) => [maxUnpool(g, index, x.shape)]);
}

/** {@link maxPool2d}'s gradient: `g` added up at the places of the largest. Its own gradient is what stands there. */
function maxUnpool(g: Tensor, index: Tensor, shape: Shape): Tensor {
  const [batch, height, width, depth = 1] = shape as [number, number, number, number?];
  const [pixels, n] = [height * width, (g.shape[1] as number) * (g.shape[2] as number)];
  const unpooled = () => {
    const dx = empty(shape);
    kernels.maxPool2dBackward(dx.ptr, g.ptr, index.ptr, batch, pixels, n, depth);
    return taped('maxUnpool', dx, [g], (h) => [
      viewed(takeAlongAxis(viewed(h, [batch, pixels, depth]), viewed(index, [batch, n, depth]), { axis: 1 }), g.shape),
    ]);
  };
  return asOne('maxUnpool', { inputs: [g, index], attributes: { shape } }, unpooled, (dx) => [dx]);
}

/**
 * The mean of each window and channel: `x` `[B, height, width]` or `[B, height, width, C]`, `size` of the window; padding counts as zeros, as in PyTorch. Gradient: `g`
 * divided among the window.
 */
export function avgPool2d(x: Tensor, size: Pair, options: PoolOptions = {}): Tensor {
  const windows = windowsOf('avgPool2d', x, size, options);
  const { size: own, stride, padding, count } = windows;
  const apart = own[0] === stride[0] && own[1] === stride[1] && padding[0] + padding[1] === 0;
  return asOne(
    'avgPool2d',
    { inputs: [x], attributes: { size: own, stride, padding } },
    () => mul(viewed(apart ? tiled(x, windows) : overlapping(x, windows), resized(x, ...count)), 1 / (own[0] * own[1])),
    (y) => [y],
  );
}

/** Sums of windows that neither overlap nor leave gaps. */
function tiled(x: Tensor, { size: [high, wide], count: [rows, columns] }: Windows): Tensor {
  const [batch, , , depth] = imagesOf('avgPool2d', x);
  const whole = slice(slice(x, 1, 0, rows * high), 2, 0, columns * wide);
  const lines = sum(viewed(whole, [batch * rows, high, columns * wide * depth]), { axis: 1 });
  return sum(viewed(lines, [batch * rows * columns, wide, depth]), { axis: 1 });
}

/** Sums of any windows: along the rows, then along the columns. */
function overlapping(x: Tensor, { size, stride, padding, count }: Windows): Tensor {
  return ([0, 1] as const).reduce((y, i) => {
    const around = padding[i];
    const padded = around === 0 ? y : place(y, i + 1, around, (y.shape[i + 1] as number) + 2 * around);
    const span = (count[i] - 1) * stride[i] + 1;
    const taps = Array.from({ length: size[i] }, (_, k) => slice(padded, i + 1, k, k + span, { step: stride[i] }));
    return taps.reduce((total, tap) => add(total, tap));
  }, x);
}
