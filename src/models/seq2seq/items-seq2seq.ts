import { softAttention } from '../../attention/attention.ts';
import type { AttentionSizes, Mechanism } from '../../attention/parts.ts';
import { LSTMCell } from '../../nn/cells.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Linear } from '../../nn/linear.ts';
import { add, and, concat, equal, not, tanh, where } from '../../ops/index.ts';
import { expectFields, expectKey, expectOptions, isShare, isSize, maybe, type Rules, ruleOf } from '../../tensor/check.ts';
import { full, zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectAdvance, expectSource, isModel, type Specials, specials, tokenMask } from '../tokens.ts';
import type { AttentionSource, DecoderState } from './attention-seq2seq.ts';
import { type DecoderStep, EncoderDecoder } from './encoder-decoder.ts';

/** Options of an {@link ItemsSeq2Seq}. */
export interface ItemsSeq2SeqOptions extends Specials {
  /** Symbols of the source vocabulary. */
  source: number;
  /** Symbols of the target vocabulary. */
  target: number;
  /** D, the width of embeddings and of the decoder. */
  hidden: number;
  /** Any mechanism, for queries and keys of width D. Default soft attention with additive scores. */
  attention?: ((sizes: AttentionSizes, key: Key) => Mechanism) | undefined;
  /** Probability of dropping an element of embeddings and decoder outputs in training. Default 0. */
  dropout?: number | undefined;
}

const rules: Rules<ItemsSeq2SeqOptions> = {
  source: isSize,
  target: isSize,
  hidden: isSize,
  attention: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function')),
  dropout: /* @__PURE__ */ maybe(isShare),
  pad: isModel.pad,
  start: isModel.start,
  end: isModel.end,
};

/**
 * Luong's decoder (Luong, Pham, Manning 2015, §3 and §3.3) over the embedded symbols of the source themselves, after one that marks the
 * start, with the last symbol marked too. No recurrent encoder counts positions, so a longer sequence looks like a shorter one: with
 * attention that sees its earlier weights (Chorowski et al. 2015), what is learned on short sequences extends to long ones. Weights are
 * over S + 1 items, the start's first.
 */
export class ItemsSeq2Seq extends EncoderDecoder<AttentionSource, DecoderState> {
  readonly items: Embedding;
  readonly edges: Embedding; // [2, D]: within, last
  override readonly embedding: Embedding;
  readonly cell: LSTMCell;
  readonly attention: Mechanism;
  readonly combine: Linear;
  override readonly output: Linear;
  protected override readonly dropout: Dropout;
  protected override readonly specials: Required<Specials>;

  constructor(options: ItemsSeq2SeqOptions, key: Key) {
    super();
    expectOptions('ItemsSeq2Seq', options, rules);
    expectKey('ItemsSeq2Seq', key);
    const { source, target, hidden, dropout = 0 } = options;
    const { attention = (sizes, from) => softAttention('additive', sizes, from) } = options;
    const keys = split(key, 7);
    this.items = new Embedding({ symbols: source, size: hidden }, keys[0]);
    this.edges = new Embedding({ symbols: 2, size: hidden }, keys[1]);
    this.embedding = new Embedding({ symbols: target, size: hidden }, keys[2]);
    this.cell = new LSTMCell({ input: 2 * hidden, hidden }, keys[3]);
    this.attention = attention({ query: hidden, key: hidden, hidden }, keys[4]);
    this.combine = new Linear({ input: 2 * hidden, output: hidden, bias: false }, keys[5]);
    this.output = new Linear({ input: hidden, output: target }, keys[6]);
    this.dropout = new Dropout({ p: dropout });
    this.specials = specials(options);
  }

  override read(source: Tensor, options: { key?: Key | undefined } = {}): AttentionSource {
    expectSource(source, options);
    const { pad, start } = this.specials;
    const [batch = 0, length = 0] = source.shape;
    const edge = full([batch, 1], start, 'int32');
    const real = tokenMask(source, pad); // [B, S]
    const mask = concat([equal(edge, start), real], 1); // [B, S + 1]
    const last = and(mask, not(concat([real, not(equal(edge, start))], 1)));
    const marks = [1, 0].map((mark) => full([batch, length + 1], mark, 'int32')) as [Tensor, Tensor];
    const marked = add(this.items.forward(concat([edge, source], 1)), this.edges.forward(where(last, ...marks))); // [B, S + 1, D]
    const x = this.dropout.forward(marked, options);
    const still = zeros([batch, this.cell.hidden]);
    return { prepared: this.attention.prepare(x, x, { mask }), first: { h: still, c: still } };
  }

  override initialState(source: AttentionSource): DecoderState {
    expectFields('ItemsSeq2Seq', 'source', source, 'prepared', 'first');
    const { prepared, first } = source;
    expectFields('ItemsSeq2Seq', 'source.first', first, 'h', 'c');
    return { cell: first, fed: first.h, attention: this.attention.initialState(prepared) };
  }

  override advance(
    embedded: Tensor,
    source: AttentionSource,
    state: DecoderState,
    options: { key?: Key | undefined } = {},
  ): DecoderStep<DecoderState> {
    expectAdvance('ItemsSeq2Seq', source, state, options);
    const { prepared } = source;
    const [forLook, forOutput] = options.key ? split(options.key) : [];
    const { output: h, state: cell } = this.cell.step(concat([embedded, state.fed ?? state.cell.h], 1), state.cell);
    const { context, state: attention, ...seen } = this.attention.step(h, prepared, state.attention, forLook ? { key: forLook } : {});
    const fed = this.dropout.forward(tanh(this.combine.forward(concat([context, h], 1))), forOutput ? { key: forOutput } : {});
    return { ...seen, vector: fed, state: { cell, fed, attention } };
  }
}
