// The retina of recurrent attention: square patches around one place, each scale twice as wide and half as sharp as the one before.

import { add, batchGather, concat, gaussianFilters, matmul, mean, mul, reshape, select, stack } from '../../ops/index.ts';
import { expectOptions, isPositive, isSize, maybe } from '../../tensor/check.ts';
import { full, zeros } from '../../tensor/create.ts';
import { empty, type Tensor } from '../../tensor/tensor.ts';
import { asChannels, expectPlace, type LookWindow, type Seen } from './look.ts';

/** Options of a retina. */
export interface GlimpseOptions {
  /** Height and width of a patch, in pixels of its scale. */
  size: number;
  /** Number of scales: the i-th, from 0, sees `size · 2ⁱ` pixels of the image. Default 1. */
  scales?: number | undefined;
  /** How many pixels of the image are between the places 0 and 1. Default half of the image's height and width. */
  reach?: number | undefined;
}

const rules = { size: isSize, scales: /* @__PURE__ */ maybe(isSize), reach: /* @__PURE__ */ maybe(isPositive) };

/** Middles of a retina in pixels, x and y in turn. */
function middles(place: Tensor, [height, width]: readonly [number, number], reach: number | undefined): Float64Array {
  const values = place.peek();
  const half = [width / 2, height / 2];
  return Float64Array.from(values, (value, i) => (half[i % 2] as number) + value * (reach ?? (half[i % 2] as number)));
}

/** Squares around middles whose corners are `corner` of them: `[B, scales, 4]`. */
function squares(middle: Float64Array, size: number, scales: number, corner: (value: number) => number): Tensor {
  const batch = middle.length / 2;
  const boxes = empty([batch, scales, 4]);
  const to = boxes.view();
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < scales; i++) {
      const side = size * 2 ** i;
      const [left, top] = [corner((middle[2 * b] as number) - side / 2), corner((middle[2 * b + 1] as number) - side / 2)];
      to.set([left, top, side, side], 4 * (b * scales + i));
    }
  }
  return boxes;
}

/** A square of each image at the corner of its i-th box, zeros outside: `[B, channels, height, width]` to `[B, channels, side, side]`. */
function cropped(images: Tensor, boxes: Tensor, i: number): Tensor {
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const scales = boxes.shape[1] as number;
  const corners = boxes.peek();
  const side = corners[4 * i + 2] as number;
  const outside = height * width;
  const index = empty([batch * channels, side * side], 'int32');
  const to = index.view();
  for (let row = 0; row < batch * channels; row++) {
    const at = 4 * (Math.floor(row / channels) * scales + i);
    const [left, top] = [corners[at] as number, corners[at + 1] as number];
    for (let k = 0; k < side * side; k++) {
      const [x, y] = [left + (k % side), top + Math.floor(k / side)];
      to[row * side * side + k] = x >= 0 && x < width && y >= 0 && y < height ? y * width + x : outside;
    }
  }
  const lines = reshape(images, [batch * channels, outside]);
  const padded = concat([lines, zeros([batch * channels, 1])], 1);
  return reshape(batchGather(padded, index), [batch, channels, side, side]);
}

/** Means of squares of `factor` pixels: `[B, channels, height, width]` to `[B, channels, height/factor, width/factor]`. */
function pooled(x: Tensor, factor: number): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  if (factor === 1) return x;
  return mean(reshape(x, [batch * channels, height / factor, factor, width / factor, factor]), { axis: [2, 4] });
}

/**
 * The glimpse sensor of Mnih et al. 2014 (§3.1, ρ): `scales` square windows of `size · 2ⁱ` pixels around one place, each averaged down to
 * `size × size`. Windows stand on whole pixels: the left border of the i-th is `⌊W/2 + x · reach − size · 2ⁱ/2 + ½⌋`, and likewise its upper
 * one; outside of the image it sees 0. No gradient reaches the place; the images get theirs.
 */
export class Glimpse implements LookWindow {
  readonly numbers = 2;
  readonly bounded = true;
  readonly smooth = false;
  readonly size: number;
  readonly scales: number;
  readonly reach: number | undefined;

  constructor(options: GlimpseOptions) {
    expectOptions('Glimpse', options, rules);
    this.size = options.size;
    this.scales = options.scales ?? 1;
    this.reach = options.reach;
  }

  read(images: Tensor, place: Tensor): Seen {
    const { size, scales, reach } = this;
    const all = asChannels('Glimpse', images);
    const [batch, channels, height, width] = all.shape as [number, number, number, number];
    expectPlace('Glimpse', place, all, 2);
    const boxes = squares(middles(place, [height, width], reach), size, scales, (value) => Math.floor(value + 0.5));
    const each = Array.from({ length: scales }, (_, i) => reshape(pooled(cropped(all, boxes, i), 2 ** i), [batch, channels, size, size]));
    return { patches: reshape(stack(each, 2), [batch, channels * scales, size, size]), boxes };
  }
}

/**
 * The same retina through Gaussian filters, so that gradients reach the place: the pixels of the i-th patch are `2ⁱ` apart, under filters of
 * that stride and half its deviation ({@link gaussianFilters}). It stands at any place, not on whole pixels only.
 */
export class GaussianGlimpse implements LookWindow {
  readonly numbers = 2;
  readonly bounded = true;
  readonly smooth = true;
  readonly size: number;
  readonly scales: number;
  readonly reach: number | undefined;

  constructor(options: GlimpseOptions) {
    expectOptions('GaussianGlimpse', options, rules);
    this.size = options.size;
    this.scales = options.scales ?? 1;
    this.reach = options.reach;
  }

  read(images: Tensor, place: Tensor): Seen {
    const { size, scales, reach } = this;
    const all = asChannels('GaussianGlimpse', images);
    const [batch, channels, height, width] = all.shape as [number, number, number, number];
    expectPlace('GaussianGlimpse', place, all, 2);
    const bank = (axis: 0 | 1, length: number, i: number) => {
      const centre = add(mul(select(place, 1, axis), reach ?? length / 2), length / 2 - 0.5); // [B]
      const filters = gaussianFilters(centre, full([batch], 2 ** i), full([batch], 4 ** i / 4), size, length);
      return reshape(filters, [batch, 1, size, length]);
    };
    const each = Array.from({ length: scales }, (_, i) => matmul(matmul(bank(1, height, i), all), bank(0, width, i), { transposeB: true })); // [B, channels, size, size]
    const boxes = squares(middles(place, [height, width], reach), size, scales, (value) => value);
    return { patches: reshape(stack(each, 2), [batch, channels * scales, size, size]), boxes };
  }
}
