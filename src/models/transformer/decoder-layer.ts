import type { KeyValueCache } from '../../attention/cache.ts';
import { expectPrepared } from '../../attention/given.ts';
import type { ExtendCall, Extended } from '../../attention/heads.ts';
import type { MultiHead } from '../../attention/multi-head.ts';
import type { Prepared } from '../../attention/parts.ts';
import { causal } from '../../attention/window.ts';
import { Dropout } from '../../nn/dropout.ts';
import type { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { expectCall, expectKey, expectOptions, isSize, maybe, type Names, type Rules } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  attentionOf,
  feedForward,
  feedForwardOf,
  type Given,
  half,
  isLayer,
  type LayerCall,
  type Norm,
  normOf,
  type TransformerEncoderLayerOptions,
} from './parts.ts';

/** Options of a {@link TransformerDecoderLayer}. */
export interface TransformerDecoderLayerOptions extends TransformerEncoderLayerOptions {
  /** Width of the source's vectors. Default D. */
  source?: number | undefined;
}

/** Rules of {@link TransformerDecoderLayerOptions}. */
export const isDecoderLayer: Rules<TransformerDecoderLayerOptions> = { ...isLayer, source: /* @__PURE__ */ maybe(isSize) };

/** Options of one call of a layer with a source. */
export interface DecoderLayerCall extends LayerCall {
  /** The places of the source, bool, true = may attend: `[B, S]` for all queries, `[B, T, S]`, or `[1, T, S]` for all examples. */
  crossMask?: Tensor | undefined;
}

/** Where each head looked: in its own sequence `[B, H, T, T]`, and in the source `[B, H, T, S]`. */
export interface DecoderWeights {
  /** Weights of self-attention `[B, H, T, T]`. */
  self: Tensor;
  /** Weights over the source `[B, H, T, S]`. */
  cross: Tensor;
}

/** What {@link TransformerDecoderLayer.extend} gives. */
export interface DecoderExtended extends Omit<Extended, 'weights'> {
  /** The weights of both attentions, if requested. */
  weights?: DecoderWeights;
}

/** Names of {@link DecoderLayerCall}. */
export const decoderCalling: Names<DecoderLayerCall & { weights?: boolean }> = { mask: 1, crossMask: 1, key: 1, weights: 1 };

type Looked = Given & { weights?: Tensor };

/**
 * One layer of a Transformer decoder (Vaswani et al. 2017, §3.1): self-attention A that looks back, attention C to a source s, then a feed-forward net
 * F of each place alone: `y = N₁(x + A(x))`, `z = N₂(y + C(y, s))`, `N₃(z + F(z))`; with `normFirst` the norms stand before A, C and F.
 * Parameters are named and laid out as in PyTorch's `nn.TransformerDecoderLayer`. Unlike there the window is `causal` by default: `everywhere`
 * makes a decoder that sees its whole target.
 */
export class TransformerDecoderLayer extends Module {
  readonly self_attn: MultiHead;
  readonly multihead_attn: MultiHead;
  readonly linear1: Linear; // [F, D]
  readonly linear2: Linear; // [D, F]
  readonly gate: Linear | undefined; // [F, D]
  readonly norm1: Norm;
  readonly norm2: Norm;
  readonly norm3: Norm;
  readonly normFirst: boolean;
  /** What the feed-forward net does between its maps. */
  readonly activation: (x: Tensor) => Tensor;
  private readonly dropout: Dropout;

  constructor(options: TransformerDecoderLayerOptions, key: Key) {
    super();
    expectOptions('TransformerDecoderLayer', options, isDecoderLayer);
    expectKey('TransformerDecoderLayer', key);
    const { window = causal, between, normFirst = false, dropout = 0, source } = options;
    const [forSelf, forCross, forFirst, forSecond, forGate] = split(key, 5);
    const norm = normOf(options);
    this.norm1 = norm();
    this.norm2 = norm();
    this.norm3 = norm();
    this.self_attn = attentionOf(options, { window, between }, forSelf);
    this.multihead_attn = attentionOf(options, {}, forCross, source);
    const net = feedForwardOf(options, [forFirst, forSecond, forGate]);
    this.linear1 = net.linear1;
    this.linear2 = net.linear2;
    this.gate = net.gate;
    this.normFirst = normFirst;
    this.activation = net.activation;
    this.dropout = new Dropout({ p: dropout });
  }

  /**
   * Maps `x` `[B, T, D]` and a source, `[B, S, ·]` or the result of {@link prepare}, to the same. `weights` adds the attention weights of each head and
   * changes no bit of the output.
   */
  forward(x: Tensor, source: Tensor | Prepared, options: DecoderLayerCall & { weights: true }): { output: Tensor; weights: DecoderWeights };
  forward(x: Tensor, source: Tensor | Prepared, options?: DecoderLayerCall & { weights?: false | undefined }): Tensor;
  forward(
    x: Tensor,
    source: Tensor | Prepared,
    options: DecoderLayerCall & { weights?: boolean | undefined } = {},
  ): Tensor | { output: Tensor; weights: DecoderWeights } {
    expectCall('TransformerDecoderLayer', options, decoderCalling);
    if (!(source instanceof Tensor)) expectPrepared('TransformerDecoderLayer', source);
    const { mask, crossMask, key, weights = false } = options;
    const [forSelf, forCross, ...forHalves] = key ? split(key, 6) : [];
    const call = (seen: Tensor | undefined, from: Key | undefined) => ({
      ...(seen && { mask: seen }),
      ...(from && { key: from }),
      weights,
    });
    const { output, looked, read } = this.through(
      x,
      (z): Looked => this.self_attn.forward(z, z, z, call(mask, forSelf)),
      (z) =>
        source instanceof Tensor
          ? this.multihead_attn.forward(z, source, source, call(crossMask, forCross))
          : this.read(z, source, weights, forCross),
      forHalves,
    );
    return weights ? { output, weights: weightsOf(looked, read) } : output;
  }

  /** Prepares a source `[B, S, ·]`: its keys and values, made once. `mask` is bool `[B, S]`. */
  prepare(source: Tensor, options: { mask?: Tensor } = {}): Prepared {
    return this.multihead_attn.prepare(source, source, options);
  }

  /**
   * Extends targets by the next places `[B, N, D]`, any number at a time; each attends to itself, to all before it and to the source. Gives `output`
   * `[B, N, D]` and the cache with these places. The bits are those of {@link forward} with a `causal` window.
   */
  extend(x: Tensor, prepared: Prepared, cache?: KeyValueCache, options: ExtendCall = {}): DecoderExtended {
    const { output, looked, read } = this.through(
      x,
      (z) => this.self_attn.extend(z, cache, options),
      (z) => this.read(z, prepared, options.weights ?? false),
    );
    return { output, cache: looked.cache, ...(options.weights && { weights: weightsOf(looked, read) }) };
  }

  private read(x: Tensor, prepared: Prepared, weights: boolean, key?: Key): Looked {
    const attention = this.multihead_attn;
    return attention.steps(x, prepared, attention.initialState(prepared, x.shape[1]), { weights, ...(key && { key }) });
  }

  private through<A extends Looked, C extends Looked>(
    x: Tensor,
    self: (z: Tensor) => A,
    cross: (z: Tensor) => C,
    keys: readonly Key[] = [],
  ) {
    const [forSelf, forCross, forHidden, forNet] = keys;
    const first = this.normFirst;
    const { dropout } = this;
    const looked = half(x, { norm: this.norm1, first, dropout, key: forSelf }, self);
    const read = half(looked.output, { norm: this.norm2, first, dropout, key: forCross }, cross);
    const { output } = half(read.output, { norm: this.norm3, first, dropout, key: forNet }, (z) =>
      feedForward(this, z, dropout, forHidden),
    );
    return { output, looked, read };
  }
}

const weightsOf = (self: Looked, cross: Looked): DecoderWeights => ({ self: self.weights as Tensor, cross: cross.weights as Tensor });
