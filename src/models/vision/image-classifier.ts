import { Conv2d } from '../../nn/conv2d.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { maxPool2d, type Pair, relu, reshape } from '../../ops/index.ts';
import { pairOf } from '../../ops/pair.ts';
import { anything, expectKey, expectOptions, isSize, maybe, type Rules, ruleOf } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';

/** Options of an {@link ImageClassifier}. */
export interface ImageClassifierOptions {
  /** Rows and columns of the images, or one number for both. */
  size: Pair;
  /** Channels of the images. Default 1. */
  channels?: number | undefined;
  /** Classes. */
  classes: number;
  /** Filters of each convolution; each is followed by relu and a pool of 2. Default none: a fully connected net. */
  filters?: readonly number[] | undefined;
  /** Rows and columns of every filter. Default 3. */
  window?: Pair | undefined;
  /** Units of each fully connected layer before the last. Default `[256, 200]`. */
  hidden?: readonly number[] | undefined;
}

const isSizes = /* @__PURE__ */ maybe(
  /* @__PURE__ */ ruleOf(
    'a list of whole numbers from 1',
    (list) => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 1 && n < 2 ** 31),
  ),
);

const rules: Rules<ImageClassifierOptions> = {
  size: anything,
  channels: /* @__PURE__ */ maybe(isSize),
  classes: isSize,
  filters: isSizes,
  window: anything,
  hidden: isSizes,
};

/** Checks images `[B, rows, columns]`, or `[B, rows, columns, C]` of C channels; gives them with their channels. */
export function imagesWith(op: string, x: Tensor, [rows, columns]: readonly [number, number], channels: number): Tensor {
  const [batch = 0, height, width, depth = 1] = x instanceof Tensor ? x.shape : [];
  const fits = x instanceof Tensor && x.dtype === 'float32' && (x.rank === 3 || x.rank === 4);
  if (!fits || height !== rows || width !== columns || depth !== channels) {
    const form = show(['B' as never, rows, columns, ...(channels > 1 ? [channels] : [])]);
    throw new RangeError(`${op}: images must be float32 ${form}, got ${kindOf(x)}`);
  }
  return reshape(x, [batch, rows, columns, channels]);
}

/** Classifies images: convolutions, each with relu and a pool of 2, then fully connected layers with relu between them. */
export class ImageClassifier extends Module {
  readonly convolutions: readonly Conv2d[];
  readonly layers: readonly Linear[];
  readonly size: readonly [rows: number, columns: number];
  readonly channels: number;

  constructor(options: ImageClassifierOptions, key: Key) {
    super();
    expectOptions('ImageClassifier', options, rules);
    expectKey('ImageClassifier', key);
    const { channels = 1, classes, filters = [], window = 3, hidden = [256, 200] } = options;
    this.size = pairOf('ImageClassifier', 'size', options.size, 1);
    this.channels = channels;
    const [high, wide] = pairOf('ImageClassifier', 'window', window, 1);
    const keys = split(key, filters.length + hidden.length + 1);
    this.convolutions = filters.map(
      (output, i) => new Conv2d({ input: filters[i - 1] ?? channels, output, size: [high, wide] }, keys[i] as Key),
    );
    const [rows, columns] = filters.reduce<readonly [number, number]>(
      ([r, c]) => [Math.floor((r - high + 1) / 2), Math.floor((c - wide + 1) / 2)],
      this.size,
    );
    if (rows < 1 || columns < 1)
      throw new RangeError(`ImageClassifier: size must leave pixels after ${filters.length} pools, got ${show(this.size)}`);
    const widths = [rows * columns * (filters.at(-1) ?? channels), ...hidden, classes];
    this.layers = widths.slice(1).map((output, i) => new Linear({ input: widths[i] as number, output }, keys[filters.length + i] as Key));
  }

  /** From images `[B, height, width]` or `[B, height, width, C]` to logits `[B, classes]`. */
  forward(images: Tensor): Tensor {
    const x = this.convolutions.reduce(
      (y, convolution) => maxPool2d(relu(convolution.forward(y)), 2),
      imagesWith('ImageClassifier', images, this.size, this.channels),
    );
    const flat = reshape(x, [x.shape[0] as number, this.layers[0]?.weight.shape[1] as number]);
    return this.layers.reduce((y, layer, i) => layer.forward(i === 0 ? y : relu(y)), flat);
  }
}
