import type { Window } from '../../attention/parts.ts';
import { causal } from '../../attention/window.ts';
import { assign } from '../../nn/buffer.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Linear } from '../../nn/linear.ts';
import { mul } from '../../ops/index.ts';
import { viewed } from '../../ops/view.ts';
import { expectKey, expectOptions, isCount, isFlag, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { detach } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type DecoderStep, EncoderDecoder, type TaughtVectors } from '../seq2seq/encoder-decoder.ts';
import { expectSource, expectTokens, isModel, type Specials, shiftRight, specials, tokenMask } from '../tokens.ts';
import { advanced, begun } from './advance.ts';
import { AddedPositions, arePositions, betweenOf, bothWindows, distancesOf, type Positions } from './positions.ts';
import type { TransformerSource, TransformerState } from './stack.ts';
import { isTransformer, Transformer, type TransformerOptions, type TransformerWeights } from './transformer.ts';

/** Options of a {@link Seq2SeqTransformer}. */
export interface Seq2SeqTransformerOptions extends TransformerOptions, Specials {
  /** Size of the source vocabulary. */
  source: number;
  /** Size of the target vocabulary. */
  target: number;
  /** How places are told apart. Default `sinusoidal`. */
  positions?: Positions | undefined;
  /** The most tokens of a source or a target: the length of the table of positions. Default 1024. */
  length?: number | undefined;
  /** Whether embeddings are multiplied by √D before positions are added (Vaswani et al. 2017, §3.4). Default true. */
  scaleEmbeddings?: boolean | undefined;
  /** Whether source and target share one embedding; their vocabularies are one. Default false. */
  shared?: boolean | undefined;
  /** Whether the target's embedding is the weight of the output too (Press and Wolf 2017, "Using the output embedding"). Default false. */
  tied?: boolean | undefined;
  /**
   * The layer, from 0, whose attention to the source is the alignment in searches and {@link EncoderDecoder.teach}. Default: the last but one, which
   * aligns best (Garg et al. 2019, "Jointly learning to align and translate").
   */
  alignment?: number | undefined;
}

const rules: Rules<Seq2SeqTransformerOptions> = {
  ...isTransformer,
  layers: isSize,
  source: isSize,
  target: isSize,
  positions: /* @__PURE__ */ maybe(arePositions),
  length: /* @__PURE__ */ maybe(isSize),
  scaleEmbeddings: /* @__PURE__ */ maybe(isFlag),
  shared: /* @__PURE__ */ maybe(isFlag),
  tied: /* @__PURE__ */ maybe(isFlag),
  alignment: /* @__PURE__ */ maybe(isCount),
  pad: isModel.pad,
  start: isModel.start,
  end: isModel.end,
};

const OP = 'Seq2SeqTransformer';

/**
 * The Transformer as a translator (Vaswani et al. 2017): embedded symbols and their positions, {@link Transformer}, and a map to the next symbol's logits.
 * It is taught in one pass and writes from a cache, with the same bits. Embeddings are N(0, 1/√D); the other matrices are drawn and named as in
 * `nn.Transformer`: `transformer.encoder.layers.0.linear1.weight`.
 */
export class Seq2SeqTransformer extends EncoderDecoder<TransformerSource, TransformerState> {
  override readonly embedding: Embedding; // [target, D]
  readonly sourceEmbedding: Embedding; // [source, D]
  private readonly sourcePositions: AddedPositions | null;
  private readonly positions: AddedPositions | null;
  private readonly sourceDistances: Window | undefined;
  private readonly distances: Window | undefined;
  readonly transformer: Transformer;
  override readonly output: Linear; // [target, D]
  /** The layer whose attention is the alignment. */
  readonly alignment: number;
  private readonly scaleEmbeddings: boolean;
  protected override readonly dropout: Dropout;
  protected override readonly specials: Required<Specials>;
  protected override readonly longest: number;

  constructor(options: Seq2SeqTransformerOptions, key: Key) {
    super();
    expectOptions(OP, options, rules);
    expectKey(OP, key);
    const {
      source,
      target,
      positions = 'sinusoidal',
      length = 1024,
      scaleEmbeddings = true,
      shared = false,
      tied = false,
      ...rest
    } = options;
    const { alignment, pad: _, start: __, end: ___, ...sizes } = rest;
    const [size, sourceSize] = [sizes.decoder?.size ?? sizes.size, sizes.encoder?.size ?? sizes.size];
    if (shared && (source !== target || size !== sourceSize)) {
      const got = `${source} of ${sourceSize} and ${target} of ${size}`;
      throw new RangeError(`${OP}: shared needs as many source symbols as target symbols, of one size, got ${got}`);
    }
    const [forSource, forTarget, forSourcePositions, forPositions, forTransformer, forOutput] = split(key, 6);
    this.embedding = narrow(new Embedding({ symbols: target, size }, forTarget));
    this.sourceEmbedding = shared ? this.embedding : narrow(new Embedding({ symbols: source, size: sourceSize }, forSource));
    this.sourcePositions = AddedPositions.of(positions, { length, size: sourceSize }, forSourcePositions);
    this.positions = AddedPositions.of(positions, { length, size }, forPositions);
    const { heads, headSize: width = size / heads, scale } = sizes;
    const distances = (bidirectional: boolean, from: Key) => distancesOf(positions, { heads, width, scale, bidirectional }, from);
    this.sourceDistances = distances(true, forSourcePositions);
    this.distances = distances(false, forPositions);
    this.longest = this.positions || positions === 'rotary' ? length : Number.POSITIVE_INFINITY;
    const between = betweenOf(positions, width, length) ?? sizes.between;
    const encoder = { ...sizes.encoder, window: bothWindows(sizes.encoder?.window, this.sourceDistances) };
    const decoder = { ...sizes.decoder, window: bothWindows(sizes.decoder?.window ?? causal, this.distances) };
    this.transformer = new Transformer({ ...sizes, between, encoder, decoder }, forTransformer);
    this.output = new Linear({ input: size, output: target }, forOutput);
    if (tied) Object.assign(this.output, { weight: this.embedding.weight });
    const layers = this.transformer.decoder.layers.length;
    this.alignment = alignment ?? Math.max(0, layers - 2);
    if (this.alignment >= layers) throw new RangeError(`${OP}: alignment must be below ${layers} layers, got ${alignment}`);
    this.scaleEmbeddings = scaleEmbeddings;
    this.dropout = new Dropout({ p: options.dropout ?? 0 });
    this.specials = specials(options);
  }

  override read(source: Tensor, options: { key?: Key | undefined } = {}): TransformerSource {
    expectSource(source, options);
    return this.encoded(source, options.key, false).source;
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
    if (options.key) throw new TypeError(`${OP}: key must be given to forward or teach, which drop, got one in advance`);
    const next = viewed(embedded, embedded.shape.toSpliced(1, 0, 1)); // [B, 1, D]
    const x = this.placed(this.positions, 'target', next, state.layers[0]?.lengths);
    return advanced(this.transformer.decoder, x, source, state, this.alignment);
  }

  protected override whole(
    fed: Tensor,
    source: TransformerSource,
    { key, weights }: { key?: Key | undefined; weights: boolean },
  ): TaughtVectors {
    const [x, call] = this.fed(fed, key);
    if (!weights) return { vector: this.transformer.decoder.forward(x, source, call) };
    const { output, weights: all } = this.transformer.decoder.forward(x, source, { ...call, weights });
    return { vector: output, weights: all[this.alignment]?.cross as Tensor };
  }

  /**
   * {@link EncoderDecoder.forward}'s logits `[B, T, C]`, with the same bits, and the attention weights of every head of every layer: of the source
   * `[B, H, S, S]`, of the target `[B, H, T, T]` and of the source as the target sees it `[B, H, T, S]`.
   */
  look(source: Tensor, target: Tensor): { logits: Tensor; weights: TransformerWeights } {
    expectSource(source, {});
    expectTokens('look', 'target', target);
    const { source: read, weights: encoder } = this.encoded(source, undefined, true);
    const [x] = this.fed(shiftRight(target, this.specials.start), undefined);
    const { output, weights: decoder } = this.transformer.decoder.forward(x, read, { weights: true });
    return { logits: this.output.forward(output), weights: { encoder, decoder } };
  }

  /** Encodes a source, int32 `[B, S]`, for the decoder. */
  private encoded(source: Tensor, key: Key | undefined, weights: boolean): { source: TransformerSource; weights: Tensor[] } {
    const [forInput, forLayers] = key ? split(key) : [];
    const mask = tokenMask(source, this.specials.pad);
    const placed = this.placed(this.sourcePositions, 'source', this.sourceEmbedding.forward(source));
    const x = this.dropout.forward(placed, { key: forInput });
    const { encoder, decoder } = this.transformer;
    const call = { mask, key: forLayers };
    const read = weights ? encoder.forward(x, { ...call, weights }) : { output: encoder.forward(x, call), weights: [] };
    return { source: decoder.prepare(read.output, { mask }), weights: read.weights };
  }

  /** The input of the decoder for tokens, int32 `[B, T]`, and its key. */
  private fed(tokens: Tensor, key: Key | undefined): [x: Tensor, call: { key?: Key | undefined }] {
    const [forInput, forLayers] = key ? split(key) : [];
    const placed = this.placed(this.positions, 'target', this.embedding.forward(tokens));
    return [this.dropout.forward(placed, { key: forInput }), { key: forLayers }];
  }

  /** Embedded symbols `[B, N, D]` with their positions, from `from` on. */
  private placed(positions: AddedPositions | null, name: string, embedded: Tensor, from?: readonly number[]): Tensor {
    const x = this.scaleEmbeddings ? mul(embedded, Math.sqrt(embedded.shape[2] as number)) : embedded;
    return positions?.forward(OP, name, x, from) ?? x;
  }
}

/** An embedding drawn from N(0, 1/√D). */
function narrow(embedding: Embedding): Embedding {
  const { weight } = embedding;
  scope(() => assign(weight, mul(detach(weight), 1 / Math.sqrt(weight.shape[1] as number))));
  return embedding;
}
