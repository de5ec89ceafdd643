import { FilterBank } from '../../attention/looks/filter-bank.ts';
import { assign } from '../../nn/buffer.ts';
import { LSTMCell, type LSTMState } from '../../nn/cells.ts';
import { Linear } from '../../nn/linear.ts';
import { Module, param } from '../../nn/module.ts';
import {
  add,
  binaryCrossEntropyWithLogits,
  concat,
  exp,
  expand,
  mul,
  normal,
  reshape,
  sigmoid,
  square,
  stack,
  sub,
  sum,
} from '../../ops/index.ts';
import {
  expectCall,
  expectKey,
  expectOptions,
  expectSizes,
  isSize,
  keyName,
  maybe,
  type Rule,
  type Rules,
  ruleOf,
} from '../../tensor/check.ts';
import { tensor, zeros } from '../../tensor/create.ts';
import { foldIn, type Key, split } from '../../tensor/random.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';

/** Options of a {@link Draw}. */
export interface DrawOptions {
  /** Of an image, in pixels. */
  height: number;
  /** Of an image, in pixels. */
  width: number;
  /** T, the number of steps. Default 10. */
  steps?: number | undefined;
  /** D, the width of both LSTMs. Default 256. */
  hidden?: number | undefined;
  /** Numbers of z that pass from the encoder to the decoder at each step. Default 100. */
  latent?: number | undefined;
  /** Height and width of the window that reads; `null` reads the whole image. Default 5. */
  read?: number | null | undefined;
  /** Height and width of the window that writes; `null` writes the whole image. Default 5. */
  write?: number | null | undefined;
}

/** How an image came about. */
export interface Painted {
  /** The canvas after each step, `[B, T, height, width]`: logits of the pixels. */
  readonly canvases: Tensor;
  /** Where each step wrote, `[B, T, 4]`: left, top, width and height in pixels. None without a window. */
  readonly writes?: Tensor;
}

/** An image read and drawn again. */
export interface Redrawn extends Painted {
  /** The last canvas, `[B, height, width]`. */
  readonly logits: Tensor;
  /** What z costs, `[B]`: the divergence of its distribution from N(0, 1) over all steps, in nats. */
  readonly divergence: Tensor;
  /** Where each step read, `[B, T, 4]`. None without a window. */
  readonly reads?: Tensor;
}

const isSide: Rule = /* @__PURE__ */ ruleOf(
  'null or a whole number from 1',
  (x) => x === undefined || x === null || (Number.isInteger(x) && (x as number) >= 1),
);

const rules: Rules<DrawOptions> = {
  height: isSize,
  width: isSize,
  steps: /* @__PURE__ */ maybe(isSize),
  hidden: /* @__PURE__ */ maybe(isSize),
  latent: /* @__PURE__ */ maybe(isSize),
  read: isSide,
  write: isSide,
};

/**
 * Where windows start, the biases of `g̃x, g̃y, ln σ², ln δ̃, ln γ`. Both stand in the middle with filters that overlap: the one that reads over two
 * thirds of the image, seven times as strong, since a filter's mean of a digit is small; the one that writes over half, and as much stronger (1/γ).
 */
const READS = [0, 0, 1.4, -0.4, 2];
const WRITES = [0, 0, 0.7, -0.7, -2];

/** A window of its own size, and the map from a state to the five numbers that place it. */
class Placed extends Module {
  readonly linear: Linear;
  readonly bank: FilterBank;

  constructor(size: number, hidden: number, start: readonly number[], key: Key) {
    super();
    this.bank = new FilterBank({ size });
    this.linear = new Linear({ input: hidden, output: 5 }, key);
    assign(this.linear.bias as Tensor, tensor(Float64Array.from(start)));
  }
}

/**
 * DRAW (Gregor, Danihelka, Graves, Rezende, Wierstra 2015): a variational autoencoder that paints. At each of T steps an encoder reads the
 * image and what is still missing of it through a window that the decoder placed, and sends the decoder a few random numbers z; the decoder
 * adds a patch to a canvas, through a second window. Without the encoder, z drawn from N(0, 1) paint images that nobody has seen.
 *
 * The two windows are `FilterBank`s, and gradients pass through their places: it is trained by its {@link bound} alone. `read` and `write` of
 * `null` make it read and write whole images (§3.1); with `steps` 1, that is a variational autoencoder.
 *
 * The window that reads starts over two thirds of the image, the one that writes over half of it, and both forget gates start with a bias of 1.
 */
export class Draw extends Module {
  readonly canvas: Tensor; // [height, width], c₀
  readonly encoder: LSTMCell;
  readonly mean: Linear;
  readonly logStd: Linear;
  readonly decoder: LSTMCell;
  readonly readWindow: Placed | null;
  readonly writeWindow: Placed | null;
  readonly patch: Linear;
  private readonly sizes: { height: number; width: number; steps: number; hidden: number; latent: number };

  constructor(options: DrawOptions, key: Key) {
    super();
    expectOptions('Draw', options, rules);
    expectKey('Draw', key);
    const { height, width, steps = 10, hidden = 256, latent = 100, read = 5, write = 5 } = options;
    const keys = split(key, 7);
    const area = height * width;
    this.sizes = { height, width, steps, hidden, latent };
    this.canvas = param(() => zeros([height, width]));
    this.encoder = new LSTMCell({ input: 2 * (read === null ? area : read * read) + hidden, hidden }, keys[0]);
    this.mean = new Linear({ input: hidden, output: latent }, keys[1]);
    this.logStd = new Linear({ input: hidden, output: latent }, keys[2]);
    this.decoder = new LSTMCell({ input: latent, hidden }, keys[3]);
    this.readWindow = read === null ? null : new Placed(read, hidden, READS, keys[4]);
    this.writeWindow = write === null ? null : new Placed(write, hidden, WRITES, keys[5]);
    this.patch = new Linear({ input: hidden, output: write === null ? area : write * write }, keys[6]);
    for (const { bias_ih } of [this.encoder, this.decoder]) bias_ih?.view().fill(1, hidden, 2 * hidden); // gates i f g o
  }

  /** Reads images `[B, height, width]` with pixels in [0, 1] and draws them again. Without a key, z are their means. */
  forward(images: Tensor, options: { key?: Key | undefined } = {}): Redrawn {
    expectCall('Draw', options, keyName);
    const { height, width, steps } = this.sizes;
    const [batch] = images instanceof Tensor ? images.shape : [];
    if (
      !(
        images instanceof Tensor &&
        images.dtype === 'float32' &&
        images.rank === 3 &&
        images.shape[1] === height &&
        images.shape[2] === width
      )
    )
      throw new RangeError(`Draw: images must be float32 [B, ${height}, ${width}], got ${kindOf(images)}`);
    let [encoder, decoder] = [this.encoder.initialState(batch as number), this.decoder.initialState(batch as number)];
    let canvas = expand(this.canvas, images.shape);
    const [canvases, writes, reads, costs]: [Tensor[], Tensor[], Tensor[], Tensor[]] = [[], [], [], []];
    for (let t = 0; t < steps; t++) {
      const seen = this.read(images, canvas, decoder.h, reads);
      encoder = this.encoder.step(concat([seen, decoder.h], 1), encoder).state;
      const { z, cost } = this.encode(encoder.h, options.key && foldIn(options.key, t));
      costs.push(cost);
      decoder = this.decoder.step(z, decoder).state;
      canvas = add(canvas, this.write(decoder, writes));
      canvases.push(canvas);
    }
    return {
      logits: canvas,
      divergence: costs.reduce(add),
      canvases: stack(canvases, 1),
      ...(reads.length > 0 ? { reads: stack(reads, 1) } : {}),
      ...(writes.length > 0 ? { writes: stack(writes, 1) } : {}),
    };
  }

  /**
   * The bound on the negative log-likelihood of images `[B, height, width]`, `[B]` in nats (§2.2): of one draw of z, what the pixels cost
   * under the last canvas, and what z costs. The mean is the loss.
   */
  bound(images: Tensor, options: { key?: Key | undefined } = {}): Redrawn & { readonly bound: Tensor } {
    const drawn = this.forward(images, options);
    const pixels = binaryCrossEntropyWithLogits(drawn.logits, images, { reduction: 'none' });
    return { ...drawn, bound: add(sum(pixels, { axis: [1, 2] }), drawn.divergence) };
  }

  /** Paints `count` images of its own: z of each step drawn from N(0, 1). `images` `[count, height, width]` are the pixels' probabilities. */
  sample(count: number, key: Key): Painted & { readonly images: Tensor } {
    expectSizes('Draw', { count });
    expectKey('Draw', key);
    const { height, width, steps, latent } = this.sizes;
    let decoder = this.decoder.initialState(count);
    let canvas = expand(this.canvas, [count, height, width]);
    const [canvases, writes]: [Tensor[], Tensor[]] = [[], []];
    for (let t = 0; t < steps; t++) {
      decoder = this.decoder.step(normal(foldIn(key, t), [count, latent]), decoder).state;
      canvas = add(canvas, this.write(decoder, writes));
      canvases.push(canvas);
    }
    return { images: sigmoid(canvas), canvases: stack(canvases, 1), ...(writes.length > 0 ? { writes: stack(writes, 1) } : {}) };
  }

  /** What is seen of the image and of what it still lacks, `[B, 2 N²]`; where goes to `reads`. */
  private read(images: Tensor, canvas: Tensor, decoder: Tensor, reads: Tensor[]): Tensor {
    const both = stack([images, sub(images, sigmoid(canvas))], 1); // [B, 2, height, width]
    const batch = images.shape[0] as number;
    if (!this.readWindow) return reshape(both, [batch, 2 * this.sizes.height * this.sizes.width]);
    const { bank, linear } = this.readWindow;
    const { patches, boxes } = bank.readEach(both, linear.forward(decoder));
    reads.push(reshape(boxes, [batch, 4]));
    return reshape(patches, [batch, 2 * bank.size * bank.size]);
  }

  /** What the decoder adds to the canvas, `[B, height, width]`; where goes to `writes`. */
  private write({ h }: LSTMState, writes: Tensor[]): Tensor {
    const { height, width } = this.sizes;
    const batch = h.shape[0] as number;
    const patch = this.patch.forward(h);
    if (!this.writeWindow) return reshape(patch, [batch, height, width]);
    const { bank, linear } = this.writeWindow;
    const { images, boxes } = bank.write(reshape(patch, [batch, bank.size, bank.size]), linear.forward(h), { height, width });
    writes.push(reshape(boxes, [batch, 4]));
    return images;
  }

  /** z of one step, and what it costs (eq. 3, 4, 11): `½ Σ (μ² + σ² − ln σ² − 1)`, `[B]`. */
  private encode(encoder: Tensor, key: Key | undefined): { z: Tensor; cost: Tensor } {
    const [mean, logStd] = [this.mean.forward(encoder), this.logStd.forward(encoder)];
    const std = exp(logStd);
    const z = key ? add(mean, mul(std, normal(key, mean.shape))) : mean;
    const terms = sub(add(square(mean), square(std)), add(mul(logStd, 2), 1));
    return { z, cost: mul(sum(terms, { axis: 1 }), 0.5) };
  }
}
