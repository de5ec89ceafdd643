// The retina of recurrent attention: square patches around one place, each scale twice as wide and half as sharp as the one before.

import { noGrad } from '../../autograd/record.ts';
import { add, avgPool2d, concat, crop, gaussianFilters, matmul, mul, reshape, select, stack, sub } from '../../ops/index.ts';
import { expectOptions, isPositive, isSize, maybe } from '../../tensor/check.ts';
import { full, tensor } from '../../tensor/create.ts';
import { empty, type Tensor } from '../../tensor/tensor.ts';
import { channelsFirst, channelsLast, expectImages, expectPlace, type LookWindow, type Seen } from './look.ts';

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

/** A square of `side` pixels around each middle; its left and upper border are `corner` of them. */
interface Squares {
  readonly side: number;
  readonly borders: readonly number[];
}

/** The squares of a scale around middles, on whole pixels. */
function squaresOf(middle: Float64Array, side: number): Squares {
  return { side, borders: Array.from(middle, (value) => Math.floor(value - side / 2 + 0.5)) };
}

/** `[B, M, 4]` of M scales. */
function boxesOf(scales: readonly Squares[], batch: number): Tensor {
  const boxes = empty([batch, scales.length, 4]);
  const to = boxes.view();
  scales.forEach(({ side, borders }, i) => {
    for (let b = 0; b < batch; b++)
      to.set([borders[2 * b] as number, borders[2 * b + 1] as number, side, side], 4 * (b * scales.length + i));
  });
  return boxes;
}

/** The squares of whole pixels, averaged down to `size`. */
function cut(images: Tensor, { side, borders }: Squares, size: number): Tensor {
  const corner = empty([borders.length / 2, 2], 'int32'); // top, left
  const to = corner.view();
  borders.forEach((border, i) => {
    to[i ^ 1] = border;
  });
  const whole = crop(images, corner, side);
  return side === size ? whole : avgPool2d(whole, side / size);
}

/** Square patches around one place, x and y. */
abstract class Retina implements LookWindow {
  readonly numbers = 2;
  readonly bounded = true;
  abstract readonly smooth: boolean;
  readonly size: number;
  readonly scales: number;
  readonly reach: number | undefined;
  private readonly op: string;

  constructor(op: string, options: GlimpseOptions) {
    expectOptions(op, options, rules);
    this.op = op;
    this.size = options.size;
    this.scales = options.scales ?? 1;
    this.reach = options.reach;
  }

  read(images: Tensor, place: Tensor): Seen {
    expectImages(this.op, images);
    expectPlace(this.op, place, images, 2);
    return this.see(images, place);
  }

  /** @internal */
  protected abstract see(images: Tensor, place: Tensor): Seen;
}

/**
 * The glimpse sensor of Mnih et al. 2014 (§3.1, ρ): `scales` square windows of `size · 2ⁱ` pixels around one place, each averaged down to
 * `size × size`. Windows stand on whole pixels: the left border of the i-th is `⌊W/2 + x · reach − size · 2ⁱ/2 + ½⌋`, and likewise its upper
 * one; outside of the image it sees 0. No gradient reaches the place; the images get theirs.
 */
export class Glimpse extends Retina {
  readonly smooth = false;

  constructor(options: GlimpseOptions) {
    super('Glimpse', options);
  }

  /** @internal */
  protected override see(images: Tensor, place: Tensor): Seen {
    const middle = middles(place, images.shape.slice(1, 3) as [number, number], this.reach);
    const squares = Array.from({ length: this.scales }, (_, i) => squaresOf(middle, this.size << i));
    const patches = squares.map((one) => cut(images, one, this.size));
    return { patches: stack(patches, 1), boxes: boxesOf(squares, place.shape[0] as number) };
  }
}

/**
 * The same retina through Gaussian filters, so that gradients reach the place: the pixels of the i-th patch are `2ⁱ` apart, under filters of
 * that stride and half its deviation ({@link gaussianFilters}). It stands at any place, not on whole pixels only.
 */
export class GaussianGlimpse extends Retina {
  readonly smooth = true;

  constructor(options: GlimpseOptions) {
    super('GaussianGlimpse', options);
  }

  /** @internal */
  protected override see(images: Tensor, place: Tensor): Seen {
    const { size, scales, reach } = this;
    const all = channelsFirst(images);
    const [batch, , height, width] = all.shape as [number, number, number, number];
    const bank = (axis: 0 | 1, length: number, i: number) => {
      const centre = add(mul(select(place, 1, axis), reach ?? length / 2), length / 2 - 0.5); // [B]
      const filters = gaussianFilters(centre, full([batch], 1 << i), full([batch], (1 << (2 * i)) / 4), size, length);
      return reshape(filters, [batch, 1, size, length]);
    };
    const each = Array.from({ length: scales }, (_, i) =>
      channelsLast(matmul(matmul(bank(1, height, i), all), bank(0, width, i), { transposeB: true }), images.rank),
    );
    return { patches: stack(each, 1), boxes: noGrad(() => squaresAround(place, [height, width], this)) };
  }
}

/** `[B, M, 4]` around any places, of ops alone. */
function squaresAround(place: Tensor, [height, width]: readonly [number, number], { size, scales, reach }: GaussianGlimpse): Tensor {
  const half = [width / 2, height / 2];
  const middle = add(mul(place, tensor(half.map((pixels) => reach ?? pixels))), tensor(half)); // [B, 2]
  const sides = Array.from({ length: scales }, (_, i) => size << i);
  return stack(
    sides.map((side) => concat([sub(middle, side / 2), full([place.shape[0] as number, 2], side)], 1)),
    1,
  );
}
