import { assign } from '../../nn/buffer.ts';
import { Conv2d } from '../../nn/conv2d.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { add, affineGrid, avgPool2d, gridSample, matmul, maxPool2d, mul, type Pair, relu, reshape } from '../../ops/index.ts';
import { pairOf } from '../../ops/pair.ts';
import { anything, expectKey, expectOptions, isOneOf, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { tensor, zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ImageClassifier, type ImageClassifierOptions, imagesWith } from './image-classifier.ts';

/** Options of a {@link SpatialTransformer}: the classifier's `filters`, `window` and `hidden` are of the warped view. */
export interface SpatialTransformerOptions extends ImageClassifierOptions {
  /** Rows and columns of the warped view, or one number for both. */
  view: Pair;
  /**
   * Each pixel of the view is the mean of `samples` × `samples` places. Where the view has fewer pixels than what it shows, more than one lets
   * gradients see between them: they come from the four pixels around a place only. Default 1, as in the paper.
   */
  samples?: number | undefined;
  /** `affine`: any θ; `attention`: a window that keeps its shape, of one scale and a place. Default `affine`. */
  form?: 'affine' | 'attention' | undefined;
  /** Filters of both convolutions of the localisation net. Default 20. */
  localFilters?: number | undefined;
  /** w, rows and columns of its filters: images must have 6 w − 2 pixels or more each way. Default 5, for images from 28 × 28. */
  localWindow?: Pair | undefined;
  /** Units of its fully connected layer. Default 50. */
  localHidden?: number | undefined;
}

const rules: Rules<SpatialTransformerOptions> = {
  ...{ size: anything, view: anything, channels: anything, classes: anything, filters: anything, window: anything, hidden: anything },
  samples: /* @__PURE__ */ maybe(isSize),
  form: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('affine', 'attention')),
  localFilters: /* @__PURE__ */ maybe(isSize),
  localWindow: anything,
  localHidden: /* @__PURE__ */ maybe(isSize),
};

/** What a spatial transformer saw, and where. */
export interface Warped {
  /** Logits `[B, classes]`. */
  readonly output: Tensor;
  /** `[B, 2, 3]`: from places of the view to places of the image, x and y from −1 to 1. */
  readonly theta: Tensor;
  /** `[B, rows, columns, 2]`: x and y in pixels of where each pixel of the view was sampled, or of the middle of its samples; an image goes from 0 to its width, and to its height. */
  readonly places: Tensor;
  /** What was read, `[B, rows, columns]` or `[B, rows, columns, C]`. */
  readonly view: Tensor;
}

/** θ from numbers that are 0 at the identity: all six, or scale, x and y. */
const spreads = {
  affine: [0, 1, 2, 3, 4, 5].map((own) => [0, 1, 2, 3, 4, 5].map((i) => (i === own ? 1 : 0))),
  attention: [[1, 0, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]],
}; // biome-ignore format: rows

/**
 * Spatial transformer network (Jaderberg et al. 2015): a localisation net reads the image and predicts where to look, θ; the view is sampled there, bilinear and with zeros outside; a
 * classifier reads the view alone. θ is the identity plus a linear map whose weights and bias are 0 at the start (§3.1), so that the net first sees the whole image.
 * The localisation net: pool 2, convolution, relu, pool 2, convolution, relu, fully connected, relu, linear.
 */
export class SpatialTransformer extends Module {
  readonly localisation: readonly [Conv2d, Conv2d];
  readonly local: Linear;
  readonly theta: Linear;
  readonly classifier: ImageClassifier;
  readonly size: readonly [rows: number, columns: number];
  readonly channels: number;
  readonly form: 'affine' | 'attention';
  readonly samples: number;

  constructor(options: SpatialTransformerOptions, key: Key) {
    super();
    expectOptions('SpatialTransformer', options, rules);
    expectKey('SpatialTransformer', key);
    const { size, view, samples = 1, form = 'affine', localFilters = 20, localWindow = 5, localHidden = 50, ...classifier } = options;
    const { channels = 1 } = classifier;
    const window = pairOf('SpatialTransformer', 'localWindow', localWindow, 1);
    const [forFirst, forSecond, forLocal, forTheta, forClassifier] = split(key, 5);
    this.size = pairOf('SpatialTransformer', 'size', size, 1);
    this.channels = channels;
    this.form = form;
    this.samples = samples;
    this.classifier = new ImageClassifier({ ...classifier, size: pairOf('SpatialTransformer', 'view', view, 1) }, forClassifier);
    this.localisation = [
      new Conv2d({ input: channels, output: localFilters, size: window }, forFirst),
      new Conv2d({ input: localFilters, output: localFilters, size: window }, forSecond),
    ];
    const left = (n: number, w: number) => Math.floor((Math.floor(n / 2) - w + 1) / 2) - w + 1;
    const [rows, columns] = [left(this.size[0], window[0]), left(this.size[1], window[1])];
    if (rows < 1 || columns < 1) {
      const least = window.map((w) => 6 * w - 2);
      throw new RangeError(
        `SpatialTransformer: size must be at least ${show(least)} for a localWindow of ${show(window)}, got ${show(this.size)}`,
      );
    }
    this.local = new Linear({ input: rows * columns * localFilters, output: localHidden }, forLocal);
    this.theta = new Linear({ input: localHidden, output: spreads[form].length }, forTheta);
    assign(this.theta.weight, zeros(this.theta.weight.shape));
    if (this.theta.bias) assign(this.theta.bias, zeros(this.theta.bias.shape));
  }

  /** Reads images `[B, height, width]` or `[B, height, width, C]`. */
  forward(images: Tensor): Warped {
    const x = imagesWith('SpatialTransformer', images, this.size, this.channels);
    const theta = this.locate(x);
    const grid = affineGrid(theta, this.classifier.size);
    const view = this.samples === 1 ? gridSample(images, grid) : this.averaged(images, theta);
    const [height, width] = this.size;
    const places = mul(add(grid, 1), tensor([width / 2, height / 2]));
    return { output: this.classifier.forward(view), theta, places, view };
  }

  /** The view of several samples a pixel. */
  private averaged(images: Tensor, theta: Tensor): Tensor {
    const [rows, columns] = this.classifier.size;
    const { samples } = this;
    const fine = gridSample(images, affineGrid(theta, [samples * rows, samples * columns]));
    const view = avgPool2d(reshape(fine, [...fine.shape.slice(0, 3), this.channels]), samples);
    return reshape(view, [fine.shape[0] as number, rows, columns, ...images.shape.slice(3)]);
  }

  /** θ of each image. */
  private locate(x: Tensor): Tensor {
    const [first, second] = this.localisation;
    const features = relu(second.forward(maxPool2d(relu(first.forward(maxPool2d(x, 2))), 2)));
    const flat = reshape(features, [x.shape[0] as number, this.local.weight.shape[1] as number]);
    const numbers = this.theta.forward(relu(this.local.forward(flat))); // [B, 6] or [B, 3]
    const moved = this.form === 'affine' ? numbers : matmul(numbers, tensor(spreads[this.form]));
    return reshape(add(moved, tensor([1, 0, 0, 0, 1, 0])), [x.shape[0] as number, 2, 3]);
  }
}
