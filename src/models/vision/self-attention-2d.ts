import { Linear } from '../../nn/linear.ts';
import { Module, param } from '../../nn/module.ts';
import { add, mul, reshape, scaledDotProductAttention } from '../../ops/index.ts';
import { expectKey, expectOptions, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';

/** Options of a {@link SelfAttention2d}. */
export interface SelfAttention2dOptions {
  /** Channels of the image. */
  channels: number;
  /** Channels inside. Default an eighth of `channels`. */
  inner?: number | undefined;
}

const rules: Rules<SelfAttention2dOptions> = { channels: isSize, inner: /* @__PURE__ */ maybe(isSize) };

/**
 * Self-attention between the places of an image (Zhang et al. 2019, "Self-attention generative adversarial networks", §3): with f = W_f x, g = W_g x and
 * h = W_h x of fewer channels, each place i reads `oᵢ = W_v Σⱼ softmaxⱼ(gᵢ · fⱼ) hⱼ`, and `y = x + γ o`. γ is learned from 0, where the block is the identity.
 */
export class SelfAttention2d extends Module {
  readonly query: Linear; // W_g
  readonly key: Linear; // W_f
  readonly value: Linear; // W_h
  readonly output: Linear; // W_v
  readonly gamma: Tensor; // []

  constructor(options: SelfAttention2dOptions, key: Key) {
    super();
    expectOptions('SelfAttention2d', options, rules);
    expectKey('SelfAttention2d', key);
    const { channels, inner = Math.max(1, Math.floor(channels / 8)) } = options;
    const [forQuery, forKey, forValue, forOutput] = split(key, 4);
    const map = (from: Key) => new Linear({ input: channels, output: inner, bias: false }, from);
    this.query = map(forQuery);
    this.key = map(forKey);
    this.value = map(forValue);
    this.output = new Linear({ input: inner, output: channels, bias: false }, forOutput);
    this.gamma = param(() => zeros([]));
  }

  /** From `[B, height, width, C]` to the same shape. */
  forward(x: Tensor): Tensor {
    const [q, k, v] = this.maps(x);
    return this.added(x, scaledDotProductAttention(q, k, v, { scale: 1 }).output);
  }

  /** The same with the weights of each place over all places, `[B, height, width, height, width]`: the query's place first. */
  attend(x: Tensor): { output: Tensor; weights: Tensor } {
    const [q, k, v] = this.maps(x);
    const { output, weights } = scaledDotProductAttention(q, k, v, { scale: 1, weights: true });
    const [batch, height, width] = x.shape as [number, number, number];
    return { output: this.added(x, output), weights: reshape(weights, [batch, height, width, height, width]) };
  }

  /** Queries, keys and values of all places, as one head. */
  private maps(x: Tensor): [query: Tensor, key: Tensor, value: Tensor] {
    expectDType('SelfAttention2d', 'x', x, 'float32');
    const [batch = 0, height = 0, width = 0, depth = 0] = x.shape;
    const channels = this.output.weight.shape[0];
    if (x.rank !== 4 || depth !== channels) {
      throw new RangeError(`SelfAttention2d: x must be [B, height, width, ${channels}], got ${show(x.shape)}`);
    }
    const places = reshape(x, [batch, 1, height * width, depth]);
    return [this.query.forward(places), this.key.forward(places), this.value.forward(places)];
  }

  /** `x + γ W_v o`. */
  private added(x: Tensor, read: Tensor): Tensor {
    return add(x, mul(reshape(this.output.forward(read), x.shape), this.gamma));
  }
}
