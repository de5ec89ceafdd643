import { MultiHead } from '../../attention/multi-head.ts';
import type { Window } from '../../attention/parts.ts';
import { Dropout } from '../../nn/dropout.ts';
import { LayerNorm } from '../../nn/layer-norm.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { add, gelu, relu } from '../../ops/index.ts';
import {
  anything,
  expectKey,
  expectNames,
  expectOptions,
  isFlag,
  isShare,
  isSize,
  maybe,
  type Names,
  type Rules,
  ruleOf,
} from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What bends the feed-forward net: by name, or any map of a tensor to one of its shape. */
export type Activation = 'relu' | 'gelu' | ((x: Tensor) => Tensor);

/** A part that normalises the last axis. */
export type Norm = Module & {
  /** `[…, D]` to the same. */
  forward(x: Tensor): Tensor;
};

/** What a {@link TransformerEncoderLayer} is made with. */
export interface TransformerEncoderLayerOptions {
  /** D. */
  size: number;
  /** H, a divisor of D. */
  heads: number;
  /** F, the width of the feed-forward net. Default 4 D. */
  hidden?: number | undefined;
  /** Default `relu`. */
  activation?: Activation | undefined;
  /** Whether each half normalises what it reads (Radford et al. 2019, §2.3) and not the sum that it leaves. Default false. */
  normFirst?: boolean | undefined;
  /** Makes each of the two norms. Default {@link LayerNorm}. */
  norm?: ((size: number) => Norm) | undefined;
  /** Without, no map and no {@link LayerNorm} has a bias. Default true. */
  bias?: boolean | undefined;
  /** Where a key is given: of attention weights, between the maps, and of what each half adds. Default 0. */
  dropout?: number | undefined;
  /** Where a query may look: `causal` in a language model. Default everywhere. */
  window?: Window | undefined;
}

/** What a layer may be told of one call. */
export interface LayerCall {
  /** bool, true = may attend: `[B, T]` for all queries, `[B, T, T]`, or `[1, T, T]` for all examples. */
  mask?: Tensor | undefined;
  /** Given in training: what dropout draws from. */
  key?: Key | undefined;
}

const calling: Names<LayerCall & { weights?: true }> = { mask: 1, key: 1, weights: 1 };

/** Of layers, and of models that are made of them. */
export const isActivation = /* @__PURE__ */ ruleOf(
  'relu, gelu or a function of a tensor',
  (value) => value === 'relu' || value === 'gelu' || typeof value === 'function',
);
const isMaker = /* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function');

const rules: Rules<TransformerEncoderLayerOptions> = {
  size: isSize,
  heads: isSize,
  hidden: /* @__PURE__ */ maybe(isSize),
  activation: /* @__PURE__ */ maybe(isActivation),
  normFirst: /* @__PURE__ */ maybe(isFlag),
  norm: /* @__PURE__ */ maybe(isMaker),
  bias: /* @__PURE__ */ maybe(isFlag),
  dropout: /* @__PURE__ */ maybe(isShare),
  window: anything,
};

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
  readonly norm1: Norm;
  readonly norm2: Norm;
  readonly normFirst: boolean;
  private readonly activation: (x: Tensor) => Tensor;
  private readonly dropout: Dropout;

  constructor(options: TransformerEncoderLayerOptions, key: Key) {
    super();
    expectOptions('TransformerEncoderLayer', options, rules);
    expectKey('TransformerEncoderLayer', key);
    const { size, heads, hidden = 4 * size, activation = 'relu', normFirst = false, bias = true, dropout = 0, window } = options;
    const { norm = (width) => new LayerNorm({ size: width, bias }) } = options;
    const [forAttention, forFirst, forSecond] = split(key, 3);
    this.norm1 = norm(size);
    this.norm2 = norm(size);
    this.self_attn = new MultiHead({ query: size, key: size, heads, bias, dropout, ...(window && { window }) }, forAttention);
    this.linear1 = new Linear({ input: size, output: hidden, bias }, forFirst);
    this.linear2 = new Linear({ input: hidden, output: size, bias }, forSecond);
    this.normFirst = normFirst;
    this.activation = activation === 'relu' ? relu : activation === 'gelu' ? (x) => gelu(x) : activation;
    this.dropout = new Dropout({ p: dropout });
  }

  /** `[B, T, D]` to the same; with `weights`, which change no bit of it, where each head looked `[B, H, T, T]` too. */
  forward(x: Tensor, options: LayerCall & { weights: true }): { output: Tensor; weights: Tensor };
  forward(x: Tensor, options?: LayerCall): Tensor;
  forward(x: Tensor, options: LayerCall & { weights?: true | undefined } = {}): Tensor | { output: Tensor; weights: Tensor } {
    expectNames('TransformerEncoderLayer', options, calling);
    const { mask, key, weights } = options;
    const [forWeights, forRead, forHidden, forOutput] = key ? split(key, 4) : [];
    const call = { ...(mask && { mask }), ...(forWeights && { key: forWeights }) };
    const z = this.normFirst ? this.norm1.forward(x) : x;
    const looked = weights ? this.self_attn.forward(z, z, z, call) : this.self_attn.forward(z, z, z, { ...call, weights: false });
    const read = add(x, this.dropped(looked.output, forRead)); // [B, T, D]
    const y = this.normFirst ? read : this.norm1.forward(read);
    const bent = this.activation(this.linear1.forward(this.normFirst ? this.norm2.forward(y) : y)); // [B, T, F]
    const fed = add(y, this.dropped(this.linear2.forward(this.dropped(bent, forHidden)), forOutput));
    const output = this.normFirst ? fed : this.norm2.forward(fed);
    return 'weights' in looked ? { output, weights: looked.weights as Tensor } : output;
  }

  private dropped(x: Tensor, key: Key | undefined): Tensor {
    return key ? this.dropout.forward(x, { key }) : x;
  }
}
