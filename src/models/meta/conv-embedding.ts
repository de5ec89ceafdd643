import { BatchNorm } from '../../nn/batch-norm.ts';
import { Conv2d } from '../../nn/conv2d.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { maxPool2d, relu, reshape } from '../../ops/index.ts';
import { expectKey, expectOptions, isFlag, isSize, maybe, type Names, type Rules } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';

/** Options of a {@link ConvEmbedding}. */
export interface ConvEmbeddingOptions {
  /** Rows and columns of an image, 8 at least. */
  side: number;
  /** Channels of an image, its last axis if there are several. Default 1: images without that axis. */
  channels?: number | undefined;
  /** Channels of each convolution. Default 64. */
  width?: number | undefined;
  /** Width of a linear map behind the convolutions. Default none: the result is as wide as what they leave. */
  output?: number | undefined;
}

/** Options of a call of an embedding. */
export interface EmbeddingCall {
  /** In training: normalises by the batch, and moves the running statistics towards it. Default false. */
  update?: boolean | undefined;
}

/** Makes a vector of an item: from `[M, …item]` to `[M, E]`. */
export interface ItemEmbedding extends Module {
  /** E. */
  readonly size: number;
  /** Maps M items to vectors `[M, E]`. */
  forward(items: Tensor, options?: EmbeddingCall): Tensor;
}

const rules: Rules<ConvEmbeddingOptions> = {
  side: isSize,
  channels: /* @__PURE__ */ maybe(isSize),
  width: /* @__PURE__ */ maybe(isSize),
  output: /* @__PURE__ */ maybe(isSize),
};

/** The names of {@link EmbeddingCall}. */
export const embeddingCall: Names<EmbeddingCall> = { update: 0 };

/** A block of {@link ConvEmbedding}: 3 × 3 convolution, batch normalisation, ReLU, 2 × 2 maximum. */
export class ConvBlock extends Module {
  /** Padded by 1, so that rows and columns stay. */
  readonly conv: Conv2d;
  /** Over channels. */
  readonly norm: BatchNorm;

  constructor(sizes: { input: number; output: number }, key: Key) {
    super();
    this.conv = new Conv2d({ ...sizes, size: 3, padding: 1 }, key);
    this.norm = new BatchNorm({ size: sizes.output });
  }

  /** From `[M, rows, columns, input]` to `[M, ⌊rows / 2⌋, ⌊columns / 2⌋, output]`; a single row stays. */
  forward(x: Tensor, options: EmbeddingCall): Tensor {
    const y = relu(this.norm.forward(this.conv.forward(x), options));
    return (y.shape[1] as number) > 1 ? maxPool2d(y, 2) : y;
  }
}

/**
 * Images to vectors by four convolutions of 3 × 3, each with batch normalisation, ReLU and a maximum of 2 × 2 (Vinyals et al. 2016, "Matching
 * networks for one shot learning", §4.1.1): the embedding that few-shot learners of small images share. 28 × 28 pixels become 1 × 1.
 */
export class ConvEmbedding extends Module implements ItemEmbedding {
  readonly blocks: readonly ConvBlock[];
  readonly output: Linear | null;
  readonly size: number;
  private readonly side: number;
  private readonly channels: number;

  constructor(options: ConvEmbeddingOptions, key: Key) {
    super();
    expectOptions('ConvEmbedding', options, rules);
    expectKey('ConvEmbedding', key);
    const { side, channels = 1, width = 64, output } = options;
    if (side < 8) throw new RangeError(`ConvEmbedding: side must be at least 8, got ${side}`);
    const keys = split(key, 5);
    this.blocks = [0, 1, 2, 3].map((i) => new ConvBlock({ input: i === 0 ? channels : width, output: width }, keys[i] as Key));
    const left = [0, 1, 2, 3].reduce((n) => (n > 1 ? Math.floor(n / 2) : 1), side);
    this.output = output === undefined ? null : new Linear({ input: left * left * width, output }, keys[4]);
    this.size = output ?? left * left * width;
    this.side = side;
    this.channels = channels;
  }

  /** Maps images `[M, side, side]`, of several channels `[M, side, side, C]`, to vectors `[M, E]`. */
  forward(images: Tensor, options: EmbeddingCall = {}): Tensor {
    expectOptions('ConvEmbedding', options, { update: maybe(isFlag) });
    const { side, channels } = this;
    const wanted = channels === 1 ? [side, side] : [side, side, channels];
    if (!(images instanceof Tensor && images.dtype === 'float32' && images.shape.slice(1).join() === wanted.join())) {
      throw new RangeError(`ConvEmbedding: images must be float32 [M, ${wanted.join(', ')}], got ${kindOf(images)}`);
    }
    const count = images.shape[0] as number;
    const first = reshape(images, [count, side, side, channels]);
    const last = this.blocks.reduce((x, block) => block.forward(x, options), first);
    const flat = reshape(last, [count, last.size / Math.max(1, count)]);
    return this.output ? this.output.forward(flat) : flat;
  }
}
