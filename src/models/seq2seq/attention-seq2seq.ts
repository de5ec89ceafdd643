import { softAttention } from '../../attention/attention.ts';
import type { AttentionSizes, Mechanism, Prepared } from '../../attention/parts.ts';
import type { ScoreName } from '../../attention/score.ts';
import { LSTMCell, type LSTMState } from '../../nn/cells.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Linear } from '../../nn/linear.ts';
import type { State } from '../../nn/state.ts';
import { concat, tanh } from '../../ops/index.ts';
import { expectFields, expectKey, expectOptions, isOneOf, isSize, isWhole, maybe, ruleOf } from '../../tensor/check.ts';
import { zeros } from '../../tensor/create.ts';
import { foldIn, type Key, split } from '../../tensor/random.ts';
import { expectTensor, type Tensor } from '../../tensor/tensor.ts';
import { expectAdvance, expectSource, isModel, type ModelOptions, type Specials, specials } from '../tokens.ts';
import { Copy } from './copy.ts';
import { Bridge, Encoder } from './encoder.ts';
import { type DecoderStep, EncoderDecoder } from './encoder-decoder.ts';

/** Options of an {@link AttentionSeq2Seq}. */
export interface AttentionSeq2SeqOptions extends ModelOptions {
  /** Soft attention with this score over the whole source. Default `additive`. The dot scores need `project` of the width `hidden`. */
  score?: ScoreName | undefined;
  /** Any mechanism, for queries of the decoder's width and keys of the source's. It replaces `score`. */
  attention?: ((sizes: AttentionSizes, key: Key) => Mechanism) | undefined;
  /** At which point of a step the decoder attends, see {@link AttentionSeq2Seq}. Default `luong`. */
  decoder?: 'luong' | 'bahdanau' | undefined;
  /**
   * It also copies ({@link Copy}), tokens beyond the vocabulary too: a source may have so many of them, C, C + 1, … by their first place. Source and
   * target must have one vocabulary. Default: no copying.
   */
  copy?: number | undefined;
  /** The symbol that stands for those beyond the vocabulary where they are read, if it copies. Default 3. */
  unknown?: number | undefined;
  /** Output width of a linear map of the encoder's vectors. Default: no map; the decoder attends to the vectors of 2 · `hidden`. */
  project?: number | undefined;
}

/** The source of the decoder: prepared for attention, the LSTM's first state, and the tokens int32 `[B, S]` if it copies. */
export type AttentionSource = { readonly prepared: Prepared; readonly first: LSTMState; readonly tokens?: Tensor };

/** The decoder's state: that of the LSTM, that of attention, and Luong's attentional vector `[B, D]`. */
export type DecoderState = { readonly cell: LSTMState; readonly attention: State; readonly fed?: Tensor };

/**
 * Encoder and decoder with attention: a bidirectional LSTM reads the source (Bahdanau, Cho, Bengio 2015), an LSTM writes the target.
 *
 * Decoder `luong`: at each step `h = LSTM([embedding; h̃′], state)`, the context c is what attention reads for h, `h̃ = tanh(W [c; h])`
 * is the attentional vector, fed to the next step too (Luong, Pham, Manning 2015, §3, eq. 5 and §3.3), and the logits are `W h̃ + b`.
 *
 * Decoder `bahdanau`: c is what attention reads for the h′ of the step before, `h = LSTM([embedding; c], state)`, and the logits are
 * those of `tanh(W [c; h; embedding])` (Bahdanau et al. 2015, §3.1 and A.2.2, with an LSTM for the gated unit and tanh for maxout).
 */
export class AttentionSeq2Seq extends EncoderDecoder<AttentionSource, DecoderState> {
  readonly encoder: Encoder;
  readonly bridge: Bridge;
  readonly project: Linear | null;
  override readonly embedding: Embedding;
  readonly cell: LSTMCell;
  readonly attention: Mechanism;
  readonly combine: Linear;
  override readonly copy: Copy | null;
  override readonly output: Linear;
  readonly decoder: 'luong' | 'bahdanau';
  protected override readonly dropout: Dropout;
  protected override readonly specials: Required<Specials>;

  constructor(options: AttentionSeq2SeqOptions, key: Key) {
    super();
    expectOptions('AttentionSeq2Seq', options, {
      ...isModel,
      score: maybe(isOneOf('dot', 'scaledDot', 'general', 'additive')),
      attention: maybe(ruleOf('a function', (value) => typeof value === 'function')),
      decoder: maybe(isOneOf('luong', 'bahdanau')),
      project: maybe(isSize),
      copy: maybe(isSize),
      unknown: maybe(isWhole(0)),
    });
    expectKey('AttentionSeq2Seq', key);
    const { source, target, hidden, embedding = hidden, layers = 1, score = 'additive', dropout = 0, decoder = 'luong' } = options;
    const width = options.project ?? 2 * hidden;
    const looksBack = decoder === 'bahdanau';
    const keys = split(key, 7);
    this.encoder = new Encoder({ source, embedding, hidden, layers, dropout }, keys[0]);
    this.bridge = new Bridge({ hidden }, keys[1]);
    this.project = options.project === undefined ? null : new Linear({ input: 2 * hidden, output: width, bias: false }, foldIn(key, 0));
    this.embedding = new Embedding({ symbols: target, size: embedding }, keys[2]);
    this.cell = new LSTMCell({ input: embedding + (looksBack ? width : hidden), hidden }, keys[3]);
    const sizes = { query: hidden, key: width, hidden };
    this.attention = options.attention ? options.attention(sizes, keys[4]) : softAttention(score, sizes, keys[4]);
    this.combine = new Linear({ input: width + hidden + (looksBack ? embedding : 0), output: hidden, bias: false }, keys[5]);
    this.output = new Linear({ input: hidden, output: target }, keys[6]);
    this.copy = copyOf(options, foldIn(key, 1));
    this.decoder = decoder;
    this.dropout = new Dropout({ p: dropout });
    this.specials = specials(options);
  }

  override read(source: Tensor, options: { key?: Key | undefined } = {}): AttentionSource {
    expectSource(source, options);
    const { copy } = this;
    const encoded = this.encoder.forward(copy ? copy.known(source) : source, this.specials.pad, options);
    const first = this.bridge.forward(encoded);
    const read = this.project ? this.project.forward(encoded.outputs) : encoded.outputs;
    return { prepared: this.attention.prepare(read, read, { mask: encoded.mask }), first, ...(copy && { tokens: source }) };
  }

  override initialState(source: AttentionSource): DecoderState {
    expectFields('AttentionSeq2Seq', 'source', source, 'prepared', 'first');
    const { prepared, first } = source;
    expectFields('AttentionSeq2Seq', 'source.first', first, 'h', 'c');
    expectTensor('AttentionSeq2Seq', 'source.first.h', first.h);
    const fed = this.decoder === 'luong' ? { fed: zeros(first.h.shape) } : {};
    return { cell: first, ...fed, attention: this.attention.initialState(prepared) };
  }

  override advance(
    embedded: Tensor,
    source: AttentionSource,
    state: DecoderState,
    options: { key?: Key | undefined } = {},
  ): DecoderStep<DecoderState> {
    expectAdvance('AttentionSeq2Seq', source, state, options);
    const { prepared } = source;
    const draw = options.key ? { key: foldIn(options.key, 0) } : {};
    const look = (h: Tensor) => this.attention.step(h, prepared, state.attention, draw);
    const combined = (parts: Tensor[]) => this.dropout.forward(tanh(this.combine.forward(concat(parts, 1))), options);
    if (!state.fed) {
      const { context, state: attention, ...seen } = look(state.cell.h);
      const { output: h, state: cell } = this.cell.step(concat([embedded, context], 1), state.cell);
      return { ...seen, vector: combined([context, h, embedded]), state: { cell, attention } };
    }
    const { output: h, state: cell } = this.cell.step(concat([embedded, state.fed], 1), state.cell);
    const { context, state: attention, ...seen } = look(h);
    const fed = combined([context, h]);
    return { ...seen, vector: fed, state: { cell, fed, attention } };
  }

  protected override tokensOf({ tokens }: AttentionSource): Tensor | undefined {
    return tokens;
  }
}

function copyOf({ copy, source, target, hidden, unknown = 3 }: AttentionSeq2SeqOptions, key: Key): Copy | null {
  if (copy === undefined) return null;
  if (source !== target)
    throw new RangeError(`AttentionSeq2Seq: source and target must be one vocabulary to copy, got ${source} and ${target}`);
  if (unknown >= target) throw new RangeError(`AttentionSeq2Seq: unknown must be below the ${target} symbols, got ${unknown}`);
  return new Copy({ hidden, symbols: target, unseen: copy, unknown }, key);
}
