import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { LayerNorm } from '../../nn/layer-norm.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { add, select, slice, tanh } from '../../ops/index.ts';
import {
  expectCall,
  expectKey,
  expectOptions,
  isCount,
  isFlag,
  isPositive,
  isShare,
  isSize,
  maybe,
  type Names,
  type Rules,
} from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import { sameShape } from '../../tensor/shape.ts';
import { kindOf, type Tensor } from '../../tensor/tensor.ts';
import { expectTokens } from '../tokens.ts';
import { type Activation, isActivation, TransformerEncoderLayer } from './layer.ts';
import { maskOfReal, meanPool, type RealTokens, unitLength } from './pooling.ts';
import { throughLayers } from './stack.ts';

/** What a {@link TextEncoder} is made with. */
export interface TextEncoderOptions {
  /** C, of the vocabulary. */
  symbols: number;
  /** D. */
  size: number;
  /** Number of layers. */
  layers: number;
  /** H, a divisor of D. */
  heads: number;
  /** The most tokens of a text: places have learned vectors. */
  length: number;
  /** Which of the places' vectors is the first token's: RoBERTa has two before it. Default 0. */
  first?: number | undefined;
  /** Width of the feed-forward nets. Default 4 D. */
  hidden?: number | undefined;
  /** Kinds of tokens, those of a first and of a second sentence, say; 0: tokens have no kind. Default 2. */
  types?: number | undefined;
  /** Default `gelu`. */
  activation?: Activation | undefined;
  /** Beside the variance of all norms. Default 1e-12. */
  eps?: number | undefined;
  /** Whether there is a map of the first token for {@link TextEncoder.pooled}. Default false. */
  pooler?: boolean | undefined;
  /** Where a key is given: of embeddings, and as {@link TransformerEncoderLayer} has it. Default 0. */
  dropout?: number | undefined;
}

/** Options of one call of a {@link TextEncoder}. */
export interface TextEncoderCall extends RealTokens {
  /** The kind of each token, int32 `[B, T]`. Default 0. */
  types?: Tensor | undefined;
  /** Given in training: what dropout draws from. */
  key?: Key | undefined;
}

const rules: Rules<TextEncoderOptions> = {
  symbols: isSize,
  size: isSize,
  layers: isSize,
  heads: isSize,
  length: isSize,
  first: /* @__PURE__ */ maybe(isCount),
  hidden: /* @__PURE__ */ maybe(isSize),
  types: /* @__PURE__ */ maybe(isCount),
  activation: /* @__PURE__ */ maybe(isActivation),
  eps: /* @__PURE__ */ maybe(isPositive),
  pooler: /* @__PURE__ */ maybe(isFlag),
  dropout: /* @__PURE__ */ maybe(isShare),
};

const calling: Names<TextEncoderCall & { weights?: boolean }> = { lengths: 1, mask: 1, types: 1, key: 1, weights: 1 };

/**
 * An encoder of texts as BERT has it (Devlin et al. 2019, §3), and with it MiniLM and the sentence encoders made of both: the sum of a vector of the
 * symbol, one of its place and one of its kind, normalised, then layers that normalise last. Not the platform's class of the same name, which
 * encodes UTF-8.
 */
export class TextEncoder extends Module {
  readonly symbols: Embedding; // [C, D]
  readonly positions: Embedding; // [first + length, D]
  readonly types: Embedding | undefined; // [types, D]
  readonly norm: LayerNorm;
  readonly layers: readonly TransformerEncoderLayer[];
  readonly pooler: Linear | undefined; // [D, D]
  /** The most tokens of a text. */
  readonly length: number;
  private readonly first: number;
  private readonly dropout: Dropout;

  constructor(options: TextEncoderOptions, key: Key) {
    super();
    expectOptions('TextEncoder', options, rules);
    expectKey('TextEncoder', key);
    const {
      symbols,
      layers,
      length,
      first = 0,
      types = 2,
      pooler = false,
      activation = 'gelu',
      eps = 1e-12,
      dropout = 0,
      ...sizes
    } = options;
    const { size } = sizes;
    const [forSymbols, forPositions, forTypes, forPooler, ...forLayers] = split(key, 4 + layers) as [Key, Key, Key, Key, ...Key[]];
    this.symbols = new Embedding({ symbols, size }, forSymbols);
    this.positions = new Embedding({ symbols: first + length, size }, forPositions);
    this.types = types > 0 ? new Embedding({ symbols: types, size }, forTypes) : undefined;
    this.norm = new LayerNorm({ size, eps });
    this.layers = forLayers.map((from) => new TransformerEncoderLayer({ ...sizes, activation, eps, dropout }, from));
    this.pooler = pooler ? new Linear({ input: size, output: size }, forPooler) : undefined;
    this.length = length;
    this.first = first;
    this.dropout = new Dropout({ p: dropout });
  }

  /**
   * Tokens (int32 `[B, T]`) to a vector of each `[B, T, D]`; those of padding mean nothing. With `weights`, which change no bit of it, where each head
   * of each layer looked `[B, H, T, T]` too. A text has the same bits alone, in a batch and before padding.
   */
  forward(tokens: Tensor, options: TextEncoderCall & { weights: true }): { output: Tensor; weights: Tensor[] };
  forward(tokens: Tensor, options?: TextEncoderCall & { weights?: false | undefined }): Tensor;
  forward(
    tokens: Tensor,
    options: TextEncoderCall & { weights?: boolean | undefined } = {},
  ): Tensor | { output: Tensor; weights: Tensor[] } {
    expectCall('TextEncoder', options, calling);
    expectTokens('TextEncoder', 'tokens', tokens);
    const { key, types, weights: wanted = false } = options;
    const mask = maskOfReal('TextEncoder', tokens.shape, options);
    const [forInput, ...forLayers] = key ? split(key, 1 + this.layers.length) : [];
    const start = this.dropout.forward(this.norm.forward(this.embedded(tokens, types)), { key: forInput }); // [B, T, D]
    const through = throughLayers(this.layers, start, { mask, keys: forLayers, weights: wanted });
    return wanted ? through : through.output;
  }

  /** `tanh(W h₀ + b)` of the first token's vector h₀, of what {@link forward} gave `[B, T, D]`: BERT's vector of a text `[B, D]`. */
  pooled(hidden: Tensor): Tensor {
    if (!this.pooler) throw new Error(`TextEncoder: pooled needs a pooler; make the encoder with pooler: true`);
    return tanh(this.pooler.forward(select(hidden, 1, 0)));
  }

  /**
   * A vector of length 1 for each text `[B, D]`: the mean of its tokens' vectors, normalised (Reimers and Gurevych 2019, "Sentence-BERT", §3). Their
   * dot products are cosines.
   */
  embed(tokens: Tensor, options: TextEncoderCall = {}): Tensor {
    const hidden = this.forward(tokens, options);
    return unitLength(meanPool(hidden, maskOfReal('TextEncoder', tokens.shape, options)));
  }

  /** The sums that the first norm reads `[B, T, D]`. */
  private embedded(tokens: Tensor, types: Tensor | undefined): Tensor {
    const time = tokens.shape[1] as number;
    if (time > this.length) throw new RangeError(`TextEncoder: tokens must be at most ${this.length} long, got ${time}`);
    const placed = slice(this.positions.weight, 0, this.first, this.first + time); // [T, D]
    const beside = this.types || types ? add(this.kinds(tokens, types), placed) : placed;
    return add(this.symbols.forward(tokens), beside);
  }

  /** Vectors of the tokens' kinds `[B, T, D]`, or that of the first kind `[D]`. */
  private kinds(tokens: Tensor, types: Tensor | undefined): Tensor {
    if (!this.types) throw new RangeError('TextEncoder: types must be left out where the encoder knows none, got some');
    if (types === undefined) return select(this.types.weight, 0, 0);
    expectTokens('TextEncoder', 'types', types);
    if (sameShape(types.shape, tokens.shape)) return this.types.forward(types);
    throw new RangeError(`TextEncoder: types must be of the tokens' shape, got ${kindOf(types)} for ${kindOf(tokens)}`);
  }
}
