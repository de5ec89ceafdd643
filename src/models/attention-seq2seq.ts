import { Attention, type Prepared } from '../attention/attention.ts';
import { type ScoreName, scoreNamed } from '../attention/score.ts';
import { LSTMCell } from '../nn/cells.ts';
import { Dropout } from '../nn/dropout.ts';
import { Embedding } from '../nn/embedding.ts';
import { Linear } from '../nn/linear.ts';
import type { State } from '../nn/state.ts';
import { concat, tanh } from '../ops/index.ts';
import { zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Bridge, Encoder } from './encoder.ts';
import { EncoderDecoder } from './encoder-decoder.ts';
import { expectTokens, type ModelOptions, type Specials, specials } from './tokens.ts';

/** What an {@link AttentionSeq2Seq} is made with. */
export interface AttentionSeq2SeqOptions extends ModelOptions {
  /** Default `additive`. The dot scores want queries and keys of one width, which they are not here: `general` is their like. */
  score?: ScoreName;
}

/** What the decoder carries: the memory it reads, the LSTM's state, and the attentional vector fed to the next step. */
export interface DecoderState extends State {
  readonly memory: Prepared;
  readonly cell: { readonly h: Tensor; readonly c: Tensor };
  readonly fed: Tensor;
  readonly attention: State;
}

/**
 * Encoder and decoder with attention: a bidirectional LSTM reads the source (Bahdanau, Cho, Bengio 2015), an LSTM writes the target.
 * At each step `h = LSTM([embedding; h̃′], state)`, the context c is what attention reads for h, `h̃ = tanh(W [c; h])` is the
 * attentional vector, fed to the next step too (Luong, Pham, Manning 2015, §3, eq. 5 and §3.3), and the logits are `W h̃ + b`.
 */
export class AttentionSeq2Seq extends EncoderDecoder<DecoderState> {
  readonly encoder: Encoder;
  readonly bridge: Bridge;
  override readonly embedding: Embedding;
  readonly cell: LSTMCell;
  readonly attention: Attention;
  readonly combine: Linear;
  override readonly output: Linear;
  protected override readonly dropout: Dropout;
  protected override readonly specials: Required<Specials>;

  constructor(options: AttentionSeq2SeqOptions, key: Key) {
    super();
    const { source, target, hidden, embedding = hidden, layers = 1, score = 'additive', dropout = 0 } = options;
    const keys = split(key, 7) as [Key, Key, Key, Key, Key, Key, Key];
    this.encoder = new Encoder({ source, embedding, hidden, layers, dropout }, keys[0]);
    this.bridge = new Bridge({ hidden }, keys[1]);
    this.embedding = new Embedding({ symbols: target, size: embedding }, keys[2]);
    this.cell = new LSTMCell({ input: embedding + hidden, hidden }, keys[3]);
    this.attention = new Attention({ score: scoreNamed(score, { query: hidden, key: 2 * hidden, hidden }, keys[4]) });
    this.combine = new Linear({ input: 3 * hidden, output: hidden, bias: false }, keys[5]);
    this.output = new Linear({ input: hidden, output: target }, keys[6]);
    this.dropout = new Dropout({ p: dropout });
    this.specials = specials(options);
  }

  override encode(source: Tensor, options: { key?: Key } = {}): DecoderState {
    expectTokens('encode', 'source', source);
    const encoded = this.encoder.forward(source, this.specials.pad, options);
    const cell = this.bridge.forward(encoded);
    const memory = this.attention.prepare(encoded.memory, encoded.memory, { mask: encoded.mask });
    return { memory, cell, fed: zeros(cell.h.shape), attention: this.attention.initialState() };
  }

  override step(
    embedded: Tensor,
    state: DecoderState,
    options: { key?: Key } = {},
  ): { vector: Tensor; weights: Tensor; state: DecoderState } {
    const { output: h, state: cell } = this.cell.step(concat([embedded, state.fed], 1), state.cell);
    const { context, weights, state: attention } = this.attention.step(h, state.memory, state.attention);
    const fed = this.dropout.forward(tanh(this.combine.forward(concat([context, h], 1))), options);
    return { vector: fed, weights, state: { memory: state.memory, cell, fed, attention } };
  }
}
