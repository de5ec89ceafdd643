import { LSTMCell, type LSTMState } from '../../nn/cells.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Linear } from '../../nn/linear.ts';
import { concat, tanh } from '../../ops/index.ts';
import { expectCall, expectFields, expectKey, expectOptions, isOneOf, keyName, maybe } from '../../tensor/check.ts';
import { zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { expectTensor, type Tensor } from '../../tensor/tensor.ts';
import { expectSource, isModel, type ModelOptions, type Specials, specials } from '../tokens.ts';
import { Bridge, Encoder } from './encoder.ts';
import { EncoderDecoder } from './encoder-decoder.ts';

/** Where the decoder receives the encoding: with every input, with the first input only, or as its initial state. */
export type Feed = 'each' | 'first' | 'state';

/** Options of a {@link Seq2Seq}. */
export interface Seq2SeqOptions extends ModelOptions {
  /** Default `each`. */
  feed?: Feed | undefined;
}

/** The source of the decoder: the encoding `[B, D]`; for `feed: 'state'`, the cell's state instead. */
export type Seq2SeqSource = { readonly encoding: Tensor; readonly c: Tensor };

/** The decoder's state: that of the LSTM, and the encoding while it is still to be fed once. */
export type Seq2SeqState = { readonly cell: LSTMState; readonly first?: Tensor };

/**
 * Encoder and decoder without attention: the source becomes one vector, whatever its length. With `feed: 'each'` the decoder sees `z =
 * tanh(W [h⃗; h⃖] + b)` at each step (Cho et al. 2014, §2.2), with `'first'` at the first step, with `'state'` as its initial state
 * (Sutskever, Vinyals, Le 2014). The parts are those of {@link AttentionSeq2Seq}, so that the two compare at equal size.
 */
export class Seq2Seq extends EncoderDecoder<Seq2SeqSource, Seq2SeqState> {
  readonly encoder: Encoder;
  readonly bridge: Bridge;
  override readonly embedding: Embedding;
  readonly cell: LSTMCell;
  readonly combine: Linear;
  override readonly output: Linear;
  readonly feed: Feed;
  protected override readonly dropout: Dropout;
  protected override readonly specials: Required<Specials>;

  constructor(options: Seq2SeqOptions, key: Key) {
    super();
    expectOptions('Seq2Seq', options, { ...isModel, feed: maybe(isOneOf('each', 'first', 'state')) });
    expectKey('Seq2Seq', key);
    const { source, target, hidden, embedding = hidden, layers = 1, dropout = 0, feed = 'each' } = options;
    const keys = split(key, 6);
    this.encoder = new Encoder({ source, embedding, hidden, layers, dropout }, keys[0]);
    this.bridge = new Bridge({ hidden, cell: feed === 'state' }, keys[1]);
    this.embedding = new Embedding({ symbols: target, size: embedding }, keys[2]);
    this.cell = new LSTMCell({ input: feed === 'state' ? embedding : embedding + hidden, hidden }, keys[3]);
    this.combine = new Linear({ input: hidden, output: hidden, bias: false }, keys[4]);
    this.output = new Linear({ input: hidden, output: target }, keys[5]);
    this.feed = feed;
    this.dropout = new Dropout({ p: dropout });
    this.specials = specials(options);
  }

  override read(source: Tensor, options: { key?: Key | undefined } = {}): Seq2SeqSource {
    expectSource(source, options);
    const { h: encoding, c } = this.bridge.forward(this.encoder.forward(source, this.specials.pad, options));
    return { encoding, c };
  }

  override initialState(source: Seq2SeqSource): Seq2SeqState {
    expectFields('Seq2Seq', 'source', source, 'encoding', 'c');
    const { encoding, c } = source;
    expectTensor('Seq2Seq', 'source.encoding', encoding);
    if (this.feed === 'state') return { cell: { h: encoding, c } };
    const cell = { h: zeros(encoding.shape), c };
    return this.feed === 'each' ? { cell } : { cell, first: encoding };
  }

  override advance(
    embedded: Tensor,
    source: Seq2SeqSource,
    state: Seq2SeqState,
    options: { key?: Key | undefined } = {},
  ): { vector: Tensor; state: Seq2SeqState } {
    expectCall('Seq2Seq', options, keyName);
    expectFields('Seq2Seq', 'source', source, 'encoding');
    expectFields('Seq2Seq', 'state', state, 'cell');
    const fed = this.feed === 'each' ? source.encoding : state.first;
    const { output, state: cell } = this.cell.step(fed ? concat([embedded, fed], 1) : embedded, state.cell);
    const vector = this.dropout.forward(tanh(this.combine.forward(output)), options);
    return { vector, state: state.first ? { cell, first: zeros(state.first.shape) } : { cell } };
  }
}
