import { causal } from '../../attention/window.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { LayerNorm } from '../../nn/layer-norm.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { add, linear, slice } from '../../ops/index.ts';
import {
  expectKey,
  expectNames,
  expectOptions,
  isFlag,
  isPositive,
  isShare,
  isSize,
  keyName,
  maybe,
  type Rules,
} from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectTokens } from '../tokens.ts';
import { type Activation, isActivation, type Norm, TransformerEncoderLayer } from './layer.ts';

/** Options of a {@link LanguageModel}. */
export interface LanguageModelOptions {
  /** C, the size of the vocabulary. */
  symbols: number;
  /** D, the width of the model. */
  size: number;
  /** Number of layers. */
  layers: number;
  /** H, a divisor of D. */
  heads: number;
  /** The longest input: positions have learned vectors. */
  length: number;
  /** Width of the feed-forward nets. Default 4 D. */
  hidden?: number | undefined;
  /** Default `gelu`. */
  activation?: Activation | undefined;
  /** Whether the maps and norms have biases. Default true. */
  bias?: boolean | undefined;
  /** What norms add to the variance. Default 1e-5. */
  eps?: number | undefined;
  /** Whether the last map has the symbols' vectors as its weight (Press and Wolf 2017). Default false. */
  tied?: boolean | undefined;
  /** Dropout probability if a key is given: of embeddings, and inside {@link TransformerEncoderLayer}. Default 0. */
  dropout?: number | undefined;
}

const rules: Rules<LanguageModelOptions> = {
  symbols: isSize,
  size: isSize,
  layers: isSize,
  heads: isSize,
  length: isSize,
  hidden: /* @__PURE__ */ maybe(isSize),
  activation: /* @__PURE__ */ maybe(isActivation),
  bias: /* @__PURE__ */ maybe(isFlag),
  eps: /* @__PURE__ */ maybe(isPositive),
  tied: /* @__PURE__ */ maybe(isFlag),
  dropout: /* @__PURE__ */ maybe(isShare),
};

/**
 * A language model of Transformer layers in GPT-2's arrangement (Radford et al. 2019, §2.3): embedded symbols plus learned positions,
 * causal layers that normalise their input, a last norm, and a map to the next symbol's logits.
 */
export class LanguageModel extends Module {
  readonly symbols: Embedding; // [C, D]
  readonly positions: Embedding; // [length, D]
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: Norm;
  /** `weight` `[C, D]`, that of the symbols where they are tied. */
  output: { readonly weight: Tensor };
  readonly length: number;
  private readonly dropout: Dropout;

  constructor(options: LanguageModelOptions, key: Key) {
    super();
    expectOptions('LanguageModel', options, rules);
    expectKey('LanguageModel', key);
    const { symbols, layers, length, activation = 'gelu', dropout = 0, eps = 1e-5, tied = false, ...rest } = options;
    const { size, bias = true } = options;
    const [forSymbols, forPositions, forOutput, ...forLayers] = split(key, 3 + layers) as [Key, Key, Key, ...Key[]];
    this.symbols = new Embedding({ symbols, size }, forSymbols);
    this.positions = new Embedding({ symbols: length, size }, forPositions);
    const layer = {
      ...rest,
      activation,
      dropout,
      normFirst: true,
      window: causal,
      norm: (width: number) => new LayerNorm({ size: width, bias, eps }),
    };
    this.layers = forLayers.map((from) => new TransformerEncoderLayer(layer, from));
    this.norm = new LayerNorm({ size, bias, eps });
    this.output = tied ? this.symbols : new Linear({ input: size, output: symbols, bias: false }, forOutput);
    this.length = length;
    this.dropout = new Dropout({ p: dropout });
  }

  /** Makes the weight of the last map that of the symbols, whose values stay. Its own is forgotten. */
  tie(): void {
    this.output = this.symbols;
  }

  /** From tokens (int32 `[B, T]`) to the logits of each next token `[B, T, C]`. Dropout is on if a key is given. */
  forward(tokens: Tensor, options: { key?: Key | undefined } = {}): Tensor {
    expectNames('LanguageModel', options, keyName);
    expectTokens('LanguageModel', 'tokens', tokens);
    const time = tokens.shape[1] as number;
    if (time > this.length) throw new RangeError(`LanguageModel: tokens must be at most ${this.length} long, got ${time}`);
    const [forInput, ...forLayers] = options.key ? split(options.key, 1 + this.layers.length) : [];
    const placed = add(this.symbols.forward(tokens), slice(this.positions.weight, 0, 0, time)); // [B, T, D]
    const start = forInput ? this.dropout.forward(placed, { key: forInput }) : placed;
    const y = this.layers.reduce((x, layer, i) => layer.forward(x, { key: forLayers[i] }), start);
    return linear(this.norm.forward(y), this.output.weight);
  }
}
