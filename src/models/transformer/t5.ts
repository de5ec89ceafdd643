import { DistanceBias } from '../../attention/distance.ts';
import { CombinedWindow, causal } from '../../attention/window.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { RMSNorm } from '../../nn/rms-norm.ts';
import { linear, mul } from '../../ops/index.ts';
import { viewed } from '../../ops/view.ts';
import { expectKey, expectOptions, isFlag, isPositive, isShare, isSize, isWhole, maybe, type Rules } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type DecoderStep, EncoderDecoder, type TaughtVectors } from '../seq2seq/encoder-decoder.ts';
import { expectSource, expectTokens, type Specials, shiftRight, tokenMask } from '../tokens.ts';
import { advanced, begun } from './advance.ts';
import { type Activation, isActivation } from './layer.ts';
import { TransformerDecoder, TransformerEncoder, type TransformerSource, type TransformerState } from './stack.ts';
import type { TransformerWeights } from './transformer.ts';

/** What a {@link T5} is made with. */
export interface T5Options extends Specials {
  /** C, of the vocabulary that sources and targets share. */
  symbols: number;
  /** D. */
  size: number;
  /** Layers of the encoder. */
  layers: number;
  /** Layers of the decoder. Default: as many. */
  decoderLayers?: number | undefined;
  /** H. */
  heads: number;
  /** Width of a head. Default D / H. */
  headSize?: number | undefined;
  /** Width of the feed-forward nets. Default 4 D. */
  hidden?: number | undefined;
  /** Default `relu`. */
  activation?: Activation | undefined;
  /** Whether feed-forward nets have a gate, as from version 1.1 on. Default false. */
  gated?: boolean | undefined;
  /** Whether the last map has the symbols' vectors as its weight and reads vectors times 1/√D, as in version 1.0. Default true. */
  tied?: boolean | undefined;
  /** Buckets of distances. Default 32. */
  buckets?: number | undefined;
  /** The distance from which on all share a bucket. Default 128. */
  distance?: number | undefined;
  /** Beside the mean square in norms. Default 1e-6. */
  eps?: number | undefined;
  /** Dropout probability if a key is given: of embeddings, behind both stacks, and inside their layers. Default 0. */
  dropout?: number | undefined;
}

const isToken = /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(0));

const rules: Rules<T5Options> = {
  symbols: isSize,
  size: isSize,
  layers: isSize,
  decoderLayers: /* @__PURE__ */ maybe(isSize),
  heads: isSize,
  headSize: /* @__PURE__ */ maybe(isSize),
  hidden: /* @__PURE__ */ maybe(isSize),
  activation: /* @__PURE__ */ maybe(isActivation),
  gated: /* @__PURE__ */ maybe(isFlag),
  tied: /* @__PURE__ */ maybe(isFlag),
  buckets: /* @__PURE__ */ maybe(isSize),
  distance: /* @__PURE__ */ maybe(isSize),
  eps: /* @__PURE__ */ maybe(isPositive),
  dropout: /* @__PURE__ */ maybe(isShare),
  pad: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(-1)),
  start: isToken,
  end: isToken,
};

/** A map to logits whose weight is the symbols' vectors: of vectors times 1/√D (Raffel et al. 2020, and T5's code). */
class TiedMap extends Module {
  readonly weight: Tensor; // [C, D]
  readonly bias = null;

  constructor({ weight }: Embedding) {
    super();
    this.weight = weight;
  }

  forward(x: Tensor): Tensor {
    return linear(mul(x, 1 / Math.sqrt(this.weight.shape[1] as number)), this.weight);
  }
}

/**
 * T5 (Raffel et al. 2020, "Exploring the limits of transfer learning", §2.1): a Transformer whose layers normalise first, by root mean square and without
 * a mean, have no bias, and know places by a bias for the distance of query and key, one table for all layers of a stack; scores are not scaled.
 * Version 1.0 has `relu` and a tied last map; 1.1 has `gated` nets with `gelu-tanh` and `tied: false`. Source and target share one vocabulary, of which
 * 0 pads and starts and 1 ends by default.
 */
export class T5 extends EncoderDecoder<TransformerSource, TransformerState> {
  override readonly embedding: Embedding; // [C, D]
  readonly sourcePositions: DistanceBias; // [buckets, H]
  readonly targetPositions: DistanceBias; // [buckets, H]
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;
  override output: Linear; // [C, D]
  /** The layer whose attention is the alignment: the last but one (Garg et al. 2019, "Jointly learning to align and translate"). */
  readonly alignment: number;
  protected override readonly dropout: Dropout;
  protected override readonly specials: Required<Specials>;

  constructor(options: T5Options, key: Key) {
    super();
    expectOptions('T5', options, rules);
    expectKey('T5', key);
    const { symbols, layers, decoderLayers = layers, tied = true, buckets, distance, eps, pad = 0, start, end = 1, ...sizes } = options;
    const { size, heads, dropout = 0 } = sizes;
    const [forSymbols, forSource, forTarget, forEncoder, forDecoder, forOutput] = split(key, 6);
    this.embedding = new Embedding({ symbols, size }, forSymbols);
    this.sourcePositions = new DistanceBias({ heads, buckets, distance, bidirectional: true }, forSource);
    this.targetPositions = new DistanceBias({ heads, buckets, distance, bidirectional: false }, forTarget);
    const norm = (width: number) => new RMSNorm({ size: width, eps });
    const layer = { ...sizes, normFirst: true, lastNorm: true, bias: false, scale: 1, norm };
    this.encoder = new TransformerEncoder({ ...layer, layers, window: this.sourcePositions }, forEncoder);
    const window = new CombinedWindow(causal, this.targetPositions);
    this.decoder = new TransformerDecoder({ ...layer, layers: decoderLayers, window }, forDecoder);
    this.output = tied ? new TiedMap(this.embedding) : new Linear({ input: size, output: symbols, bias: false }, forOutput);
    this.alignment = Math.max(0, decoderLayers - 2);
    this.dropout = new Dropout({ p: dropout });
    this.specials = { pad, start: start ?? Math.max(pad, 0), end };
  }

  /** Makes the last map tied, as the option does. The symbols' vectors stay; the weight that it had is forgotten. */
  tie(): void {
    this.output = new TiedMap(this.embedding);
  }

  /** Encodes a source, int32 `[B, S]`: a vector of each token `[B, S, D]`. Those of padding mean nothing. */
  encode(source: Tensor, options: { key?: Key | undefined } = {}): Tensor {
    expectSource(source, options);
    const [forInput, forLayers, forOutput] = options.key ? split(options.key, 3) : [];
    const embedded = this.dropout.forward(this.embedding.forward(source), { key: forInput }); // [B, S, D]
    const read = this.encoder.forward(embedded, { mask: tokenMask(source, this.specials.pad), key: forLayers });
    return this.dropout.forward(read, { key: forOutput });
  }

  override read(source: Tensor, options: { key?: Key | undefined } = {}): TransformerSource {
    return this.decoder.prepare(this.encode(source, options), { mask: tokenMask(source, this.specials.pad) });
  }

  override initialState(source: TransformerSource): TransformerState {
    return begun(source);
  }

  override advance(
    embedded: Tensor,
    source: TransformerSource,
    state: TransformerState,
    options: { key?: Key | undefined } = {},
  ): DecoderStep<TransformerState> {
    if (options.key) throw new TypeError('T5: key must be given to forward or teach, which drop, got one in advance');
    return advanced(this.decoder, viewed(embedded, embedded.shape.toSpliced(1, 0, 1)), source, state, this.alignment);
  }

  protected override whole(
    fed: Tensor,
    source: TransformerSource,
    { key, weights }: { key?: Key | undefined; weights: boolean },
  ): TaughtVectors {
    const [forInput, forLayers, forOutput] = key ? split(key, 3) : [];
    const embedded = this.dropout.forward(this.embedding.forward(fed), { key: forInput }); // [B, T, D]
    const call = { key: forLayers };
    if (!weights) return { vector: this.dropout.forward(this.decoder.forward(embedded, source, call), { key: forOutput }) };
    const { output, weights: all } = this.decoder.forward(embedded, source, { ...call, weights });
    return { vector: this.dropout.forward(output, { key: forOutput }), weights: all[this.alignment]?.cross as Tensor };
  }
  /**
   * {@link EncoderDecoder.forward}'s logits `[B, T, C]`, with the same bits, and the attention weights of every head of every layer: of the source
   * `[B, H, S, S]`, of the target `[B, H, T, T]` and of the source as the target sees it `[B, H, T, S]`.
   */
  look(source: Tensor, target: Tensor): { logits: Tensor; weights: TransformerWeights } {
    expectSource(source, {});
    expectTokens('look', 'target', target);
    const mask = tokenMask(source, this.specials.pad);
    const read = this.encoder.forward(this.embedding.forward(source), { mask, weights: true });
    const fed = this.embedding.forward(shiftRight(target, this.specials.start)); // [B, T, D]
    const { output, weights } = this.decoder.forward(fed, this.decoder.prepare(read.output, { mask }), { weights: true });
    return { logits: this.output.forward(output), weights: { encoder: read.weights, decoder: weights } };
  }
}
