import type { KeyValueCache } from '../../attention/cache.ts';
import type { ExtendCall, Extended } from '../../attention/heads.ts';
import type { MultiHead } from '../../attention/multi-head.ts';
import { Dropout } from '../../nn/dropout.ts';
import type { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { expectCall, expectKey, expectOptions } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  attentionOf,
  calling,
  feedForward,
  feedForwardOf,
  half,
  isLayer,
  type LayerCall,
  type Norm,
  normOf,
  type TransformerEncoderLayerOptions,
} from './parts.ts';

export { type Activation, isActivation, type LayerCall, type Norm, type TransformerEncoderLayerOptions } from './parts.ts';

/**
 * One layer of a Transformer encoder, or of a decoder without a source (Vaswani et al. 2017, §3.1): self-attention, then a feed-forward net of
 * each place alone, what each gives added to what it read. With N the norms, `y = N₁(x + A(x))` and `N₂(y + W₂ f(W₁ y + b₁) + b₂)`; with
 * `normFirst`, `y = x + A(N₁(x))` and `y + W₂ f(W₁ N₂(y) + b₁) + b₂`. Parameters are named and laid out as in PyTorch's
 * `nn.TransformerEncoderLayer`, its `norm_first` and `bias` too; only `hidden` has another default.
 */
export class TransformerEncoderLayer extends Module {
  readonly self_attn: MultiHead;
  readonly linear1: Linear; // [F, D]
  readonly linear2: Linear; // [D, F]
  readonly gate: Linear | undefined; // [F, D]
  readonly norm1: Norm;
  readonly norm2: Norm;
  readonly normFirst: boolean;
  /** What the feed-forward net does between its maps. */
  readonly activation: (x: Tensor) => Tensor;
  private readonly dropout: Dropout;

  constructor(options: TransformerEncoderLayerOptions, key: Key) {
    super();
    expectOptions('TransformerEncoderLayer', options, isLayer);
    expectKey('TransformerEncoderLayer', key);
    const { normFirst = false, dropout = 0 } = options;
    const [forAttention, forFirst, forSecond, forGate] = split(key, 4);
    const norm = normOf(options);
    this.norm1 = norm();
    this.norm2 = norm();
    this.self_attn = attentionOf(options, { window: options.window, between: options.between }, forAttention);
    const net = feedForwardOf(options, [forFirst, forSecond, forGate]);
    this.linear1 = net.linear1;
    this.linear2 = net.linear2;
    this.gate = net.gate;
    this.normFirst = normFirst;
    this.activation = net.activation;
    this.dropout = new Dropout({ p: dropout });
  }

  /** Maps `[B, T, D]` to the same. `weights` adds the attention weights of each head `[B, H, T, T]` and changes no bit of the output. */
  forward(x: Tensor, options: LayerCall & { weights: true }): { output: Tensor; weights: Tensor };
  forward(x: Tensor, options?: LayerCall & { weights?: false | undefined }): Tensor;
  forward(x: Tensor, options: LayerCall & { weights?: boolean | undefined } = {}): Tensor | { output: Tensor; weights: Tensor } {
    expectCall('TransformerEncoderLayer', options, calling);
    const { mask, key, weights = false } = options;
    const [forWeights, forRead, forHidden, forOutput] = key ? split(key, 4) : [];
    const call = { ...(mask && { mask }), ...(forWeights && { key: forWeights }), weights };
    const looked = half(x, this.half(this.norm1, forRead), (z): { output: Tensor; weights?: Tensor } =>
      this.self_attn.forward(z, z, z, call),
    );
    const { output } = this.fed(looked.output, forHidden, forOutput);
    return looked.weights ? { output, weights: looked.weights } : output;
  }

  /**
   * Extends texts by the next places `[B, N, D]`, any number at a time; each attends to itself and to all before it. Gives `output` `[B, N, D]` and the
   * cache with these places, see {@link MultiHead.extend}. The bits are those of {@link forward} with a `causal` window.
   */
  extend(x: Tensor, cache?: KeyValueCache, options: ExtendCall = {}): Extended {
    const looked = half(x, this.half(this.norm1, undefined), (z) => this.self_attn.extend(z, cache, options));
    return { ...looked, ...this.fed(looked.output, undefined, undefined) };
  }

  private fed(x: Tensor, forHidden: Key | undefined, key: Key | undefined): { output: Tensor } {
    return half(x, this.half(this.norm2, key), (z) => feedForward(this, z, this.dropout, forHidden));
  }

  private half(norm: Norm, key: Key | undefined) {
    return { norm, first: this.normFirst, dropout: this.dropout, key };
  }
}
