import { MultiHead } from '../../attention/multi-head.ts';
import { Embedding } from '../../nn/embedding.ts';
import { LayerNorm } from '../../nn/layer-norm.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { sinusoidalTable } from '../../nn/positions/sinusoidal.ts';
import { add, mul, relu, slice, tanh } from '../../ops/index.ts';
import { expectKey, expectNames, expectOptions, isSize, maybe, type Names, type Rules } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import { outside } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectTokens } from '../tokens.ts';
import { maskOfReal, meanPool, type RealTokens, unitLength } from './pooling.ts';

/** What a {@link UniversalSentenceEncoder} is made with. */
export interface SentenceEncoderOptions {
  /** C, of the vocabulary. */
  symbols: number;
  /** Width of a symbol's vector. Default `size`. */
  embedding?: number | undefined;
  /** D, of everything behind the first layer's attention, and of the sentence's vector. */
  size: number;
  /** Number of layers. */
  layers: number;
  /** H, a divisor of D and of `embedding`. */
  heads: number;
  /** Width of the feed-forward nets. Default 4 D. */
  hidden?: number | undefined;
  /** The most tokens of a sentence. */
  length: number;
}

const rules: Rules<SentenceEncoderOptions> = {
  symbols: isSize,
  embedding: /* @__PURE__ */ maybe(isSize),
  size: isSize,
  layers: isSize,
  heads: isSize,
  hidden: /* @__PURE__ */ maybe(isSize),
  length: isSize,
};

const calling: Names<RealTokens> = { lengths: 1, mask: 1 };

const EPS = 1e-6;

/** Self-attention over vectors as wide as `input` that gives wider ones, and a net of each place; each normalises first what it reads. */
class Layer extends Module {
  readonly self_attn: MultiHead;
  /** What the sum takes of the layer's input where that has another width. */
  readonly skip: Linear | undefined; // [D, input]
  readonly linear1: Linear; // [F, D]
  readonly linear2: Linear; // [D, F]
  readonly norm1: LayerNorm; // [input]
  readonly norm2: LayerNorm; // [D]

  constructor({ input, size, heads, hidden }: { input: number; size: number; heads: number; hidden: number }, key: Key) {
    super();
    const [forAttention, forSkip, forFirst, forSecond] = split(key, 4);
    this.self_attn = new MultiHead({ query: input, key: input, heads, output: size }, forAttention);
    this.skip = input === size ? undefined : new Linear({ input, output: size }, forSkip);
    this.linear1 = new Linear({ input: size, output: hidden }, forFirst);
    this.linear2 = new Linear({ input: hidden, output: size }, forSecond);
    this.norm1 = new LayerNorm({ size: input, eps: EPS });
    this.norm2 = new LayerNorm({ size, eps: EPS });
  }

  forward(x: Tensor, mask: Tensor | undefined): Tensor {
    const z = this.norm1.forward(x); // [B, T, input]
    const { output } = this.self_attn.forward(z, z, z, { ...(mask && { mask }), weights: false });
    const read = add(this.skip?.forward(x) ?? x, output); // [B, T, D]
    return add(read, this.linear2.forward(relu(this.linear1.forward(this.norm2.forward(read)))));
  }
}

/**
 * The Transformer of the Universal Sentence Encoder (Cer et al. 2018, §3.1) as its small version has it, whose published weights `saccade/pretrained`
 * reads: twice a symbol's vector with the sines and cosines of its place, layers that normalise first, the mean of all tokens, and
 * `tanh(W x + b)` of it at length 1. The first layer may be wider than the symbols' vectors.
 */
export class UniversalSentenceEncoder extends Module {
  readonly symbols: Embedding; // [C, E]
  private readonly layers: readonly Layer[];
  readonly output: Linear; // [D, D]
  /** The most tokens of a sentence. */
  readonly length: number;
  private readonly places: Tensor; // [length, E]

  constructor(options: SentenceEncoderOptions, key: Key) {
    super();
    expectOptions('UniversalSentenceEncoder', options, rules);
    expectKey('UniversalSentenceEncoder', key);
    const { symbols, size, layers, heads, length, embedding = size, hidden = 4 * size } = options;
    const [forSymbols, forOutput, ...forLayers] = split(key, 2 + layers) as [Key, Key, ...Key[]];
    this.symbols = new Embedding({ symbols, size: embedding }, forSymbols);
    this.layers = forLayers.map((from, i) => new Layer({ input: i === 0 ? embedding : size, size, heads, hidden }, from));
    this.output = new Linear({ input: size, output: size }, forOutput);
    this.length = length;
    this.places = outside(() => sinusoidalTable({ length, size: embedding, preset: 'tensor2tensor' }));
  }

  /** Tokens (int32 `[B, T]`) to a vector of each `[B, T, D]`; those of padding mean nothing. */
  forward(tokens: Tensor, options: RealTokens = {}): Tensor {
    expectNames('UniversalSentenceEncoder', options, calling);
    expectTokens('UniversalSentenceEncoder', 'tokens', tokens);
    const time = tokens.shape[1] as number;
    if (time > this.length) throw new RangeError(`UniversalSentenceEncoder: tokens must be at most ${this.length} long, got ${time}`);
    const mask = maskOfReal('UniversalSentenceEncoder', tokens.shape, options);
    const placed = add(mul(this.symbols.forward(tokens), 2), slice(this.places, 0, 0, time)); // [B, T, E]
    return this.layers.reduce((x, layer) => layer.forward(x, mask), placed);
  }

  /** A vector of length 1 for each sentence `[B, D]`: their dot products are cosines. Alone, in a batch and before padding its bits are the same. */
  embed(tokens: Tensor, options: RealTokens = {}): Tensor {
    const hidden = this.forward(tokens, options);
    const mean = meanPool(hidden, maskOfReal('UniversalSentenceEncoder', tokens.shape, options)); // [B, D]
    return unitLength(tanh(this.output.forward(mean)));
  }
}
