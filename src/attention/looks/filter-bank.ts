// The window of DRAW: a grid of Gaussian filters whose place, spacing, width and strength are five numbers.

import { noGrad } from '../../autograd/record.ts';
import { add, clamp, div, exp, gaussianFilters, matmul, mul, reshape, select, stack, sub } from '../../ops/index.ts';
import { expectOptions, isSize } from '../../tensor/check.ts';
import { show } from '../../tensor/shape.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';
import { channelsFirst, channelsLast, expectImages, expectPlace, type LookWindow, type Seen } from './look.ts';

/** Logarithms are clamped to ±8: neither variance nor stride overflows. */
const LIMIT = 8;

/** Filters of both axes, and how strongly they read. */
interface Bank {
  readonly down: Tensor; // [B, 1, N, height]
  readonly across: Tensor; // [B, 1, N, width]
  readonly strength: Tensor; // [B, 1, 1, 1]
  readonly boxes: Tensor; // [B, 1, 4]
}

/** Squares of a side `[B]` around middles that are counted in pixels from 0: `[B, 1, 4]`. */
function squares(column: Tensor, row: Tensor, side: Tensor): Tensor {
  const corner = (centre: Tensor) => sub(add(centre, 0.5), mul(side, 0.5));
  return reshape(stack([corner(column), corner(row), side, side], 1), [side.size, 1, 4]);
}

/**
 * A grid of `size × size` Gaussian filters (Gregor et al. 2015, "DRAW", §3.2). Five numbers place it: `g̃x, g̃y, ln σ², ln δ̃, ln γ`. Its middle
 * stands at `(width + 1)/2 · (g̃x + 1)`, counted from 1, its filters are `δ = (max(height, width) − 1)/(size − 1) · δ̃` pixels apart, and γ is
 * the strength of reading. Gradients reach all five. The three logarithms are clamped to ±8. Its box is the square of `size · δ` pixels.
 */
export class FilterBank implements LookWindow {
  readonly numbers = 5;
  readonly bounded = false;
  readonly smooth = true;
  readonly scales = 1;
  readonly size: number;

  constructor(options: { size: number }) {
    expectOptions('FilterBank', options, { size: isSize });
    this.size = options.size;
  }

  /** `γ · Fy x Fxᵀ` of each channel (eq. 27). */
  read(images: Tensor, place: Tensor): Seen {
    expectImages('FilterBank', images);
    expectPlace('FilterBank', place, images, 5);
    const { patches, boxes } = this.readEach(channelsFirst(images), place);
    return { patches: stack([channelsLast(patches, images.rank)], 1), boxes };
  }

  /** Reads several images of each example, `[B, N, height, width]`, at the example's place: `patches` `[B, N, size, size]`. */
  readEach(images: Tensor, place: Tensor): Seen {
    const [, , height, width] = images.shape as [number, number, number, number];
    const { down, across, strength, boxes } = this.bank(place, height, width);
    return { patches: mul(matmul(matmul(down, images), across, { transposeB: true }), strength), boxes };
  }

  /** `1/γ · Fyᵀ w Fx` of patches `[B, size, size]` (eq. 29), or `[B, size, size, C]`: images with the same channels. */
  write(patch: Tensor, place: Tensor, image: { height: number; width: number }): { images: Tensor; boxes: Tensor } {
    expectDType('FilterBank', 'patch', patch, 'float32');
    expectOptions('FilterBank', image, { height: isSize, width: isSize });
    expectPlace('FilterBank', place, patch, 5);
    if (!(patch.rank === 3 || patch.rank === 4) || patch.shape[1] !== this.size || patch.shape[2] !== this.size)
      throw new RangeError(`FilterBank: patch must be [B, ${this.size}, ${this.size}], or with channels last, got ${show(patch.shape)}`);
    const { height, width } = image;
    const { down, across, strength, boxes } = this.bank(place, height, width);
    const drawn = div(matmul(matmul(down, channelsFirst(patch), { transposeA: true }), across), strength);
    return { images: channelsLast(drawn, patch.rank), boxes };
  }

  private bank(place: Tensor, height: number, width: number): Bank {
    const { size } = this;
    const batch = place.shape[0] as number;
    const [x, y, ...rest] = Array.from({ length: 5 }, (_, i) => select(place, 1, i)) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [variance, stretch, strength] = rest.map((ln) => exp(clamp(ln, -LIMIT, LIMIT))) as [Tensor, Tensor, Tensor];
    const stride = mul(stretch, (Math.max(height, width) - 1) / Math.max(1, size - 1));
    const middle = (of: Tensor, length: number) => sub(mul(add(of, 1), (length + 1) / 2), 1); // counted from 0
    const [column, row] = [middle(x, width), middle(y, height)];
    const filters = (centre: Tensor, length: number) =>
      reshape(gaussianFilters(centre, stride, variance, size, length), [batch, 1, size, length]);
    const [down, across] =
      height === width ? this.square(row, column, stride, variance, width) : [filters(row, height), filters(column, width)];
    return { down, across, strength: reshape(strength, [batch, 1, 1, 1]), boxes: noGrad(() => squares(column, row, mul(stride, size))) };
  }

  /** The filters of both axes of a square image: one bank costs half of two. */
  private square(row: Tensor, column: Tensor, stride: Tensor, variance: Tensor, length: number): [Tensor, Tensor] {
    const both = gaussianFilters(stack([row, column]), stack([stride, stride]), stack([variance, variance]), this.size, length);
    const shape = [row.size, 1, this.size, length];
    return [reshape(select(both, 0, 0), shape), reshape(select(both, 0, 1), shape)];
  }
}
