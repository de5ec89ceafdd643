// Attention to places of an image: a window that reads at a place, and a placement that decides where it stands and how that is learnt.

import { clamp, permute, reshape, tanh } from '../../ops/index.ts';
import { expectCall, expectOptions, keyName, ruleOf } from '../../tensor/check.ts';
import type { Key } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import { expectDType, kindOf, Tensor } from '../../tensor/tensor.ts';

/** What a window reads at a place. */
export interface Seen {
  /** `[B, M, size, size]`: a patch of each of the M scales, with the channels last, if images have some. */
  readonly patches: Tensor;
  /**
   * Where it looked, `[B, M, 4]`: left, top, width and height of each of the M scales, in pixels. Pixel i of a row covers i to i + 1, so that
   * an image goes from 0 to its width. A box may reach beyond the image, where there is nothing to see.
   */
  readonly boxes: Tensor;
}

/** Reads an image at a place, a few numbers for each example. */
export interface LookWindow {
  /** How many numbers make a place. */
  readonly numbers: number;
  /** Whether they lie in [−1, 1]: x and y from the left and upper border to the right and lower one, 0 the middle. */
  readonly bounded: boolean;
  /** Height and width of a patch. */
  readonly size: number;
  /** M, patches of one place. */
  readonly scales: number;
  /** Whether gradients reach the place through what was read. */
  readonly smooth: boolean;
  /** Reads images `[B, height, width]` or `[B, height, width, C]` at places `[B, numbers]`. */
  read(images: Tensor, place: Tensor): Seen;
}

/** A place and, if it was drawn for the score-function estimator, how probable it was. */
export interface Placed {
  /** `[B, numbers]`. */
  readonly place: Tensor;
  /** The logarithm of the density of the draw, `[B]`, in nats. */
  readonly logProbability?: Tensor;
}

/** From the mean of a place to a place: the estimator by which whoever chose the mean learns. */
export interface Placement {
  /** Whether gradients pass through the place to its mean. If not, the mean learns by the log-probability alone, or not at all. */
  readonly pathwise: boolean;
  /** Places around `mean` `[B, numbers]`; without a key the mean itself. */
  place(mean: Tensor, options: { key?: Key | undefined }): Placed;
}

/** What a step saw, and where. */
export interface LookStep extends Seen, Placed {}

const isWindow = /* @__PURE__ */ ruleOf('a window with read()', (x) => typeof (x as LookWindow | null)?.read === 'function');
const isPlacement = /* @__PURE__ */ ruleOf('a placement with place()', (x) => typeof (x as Placement | null)?.place === 'function');

/** Checks images, `[B, height, width]` or `[B, height, width, C]`. */
export function expectImages(op: string, images: Tensor): void {
  expectDType(op, 'images', images, 'float32');
  if (images.rank !== 3 && images.rank !== 4)
    throw new RangeError(`${op}: images must be [B, height, width] or [B, height, width, C], got ${show(images.shape)}`);
}

/** Images as `[B, C, height, width]`, for products of each channel. */
export function channelsFirst(images: Tensor): Tensor {
  if (images.rank === 4) return permute(images, [0, 3, 1, 2]);
  const [batch, height, width] = images.shape as [number, number, number];
  return reshape(images, [batch, 1, height, width]);
}

/** The reverse of {@link channelsFirst}: with channels last, or none if `rank` is 3. */
export function channelsLast(x: Tensor, rank: number): Tensor {
  const [batch, , height, width] = x.shape as [number, number, number, number];
  return rank === 4 ? permute(x, [0, 2, 3, 1]) : reshape(x, [batch, height, width]);
}

/** Checks places for images. */
export function expectPlace(op: string, place: Tensor, images: Tensor, numbers: number): void {
  const batch = images.shape[0];
  if (place instanceof Tensor && place.dtype === 'float32' && place.rank === 2 && place.shape[0] === batch && place.shape[1] === numbers)
    return;
  throw new RangeError(`${op}: place must be float32 [${batch}, ${numbers}], got ${kindOf(place)}`);
}

/**
 * One way to look: a window × an estimator (Mnih et al. 2014; Gregor et al. 2015; Jaderberg et al. 2015 differ in little else). Models take a
 * `Look` and need not know which it is.
 */
export class Look {
  readonly window: LookWindow;
  readonly placement: Placement;

  constructor(parts: { window: LookWindow; placement: Placement }) {
    expectOptions('Look', parts, { window: isWindow, placement: isPlacement });
    if (parts.placement.pathwise && !parts.window.smooth)
      throw new TypeError('Look: a pathwise placement must have a smooth window, got one through which no gradient reaches the place');
    this.window = parts.window;
    this.placement = parts.placement;
  }

  /**
   * Looks where `numbers` `[B, numbers]` say, any real numbers: tanh leads them to the mean of a bounded window's place. With a key places are
   * drawn; without one they are the means. A bounded window's places are clamped to the image after the draw; the log-probability is that of
   * the draw before.
   */
  step(images: Tensor, numbers: Tensor, options: { key?: Key | undefined } = {}): LookStep {
    expectCall('Look', options, keyName);
    expectImages('Look', images);
    expectPlace('Look', numbers, images, this.window.numbers);
    const { place, ...drawn } = this.placement.place(this.window.bounded ? tanh(numbers) : numbers, options);
    return { ...drawn, ...this.at(images, this.window.bounded ? clamp(place, -1, 1) : place) };
  }

  /** Looks at given places. */
  at(images: Tensor, place: Tensor): LookStep {
    return { ...this.window.read(images, place), place };
  }
}
