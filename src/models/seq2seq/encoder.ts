import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { GRU, LSTM } from '../../nn/recurrent.ts';
import { concat, select, tanh } from '../../ops/index.ts';
import {
  expectCall,
  expectFields,
  expectKey,
  expectOptions,
  isFlag,
  isOneOf,
  isShare,
  isSize,
  keyName,
  maybe,
  type Rules,
  shown,
} from '../../tensor/check.ts';
import { zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectTokens, tokenMask } from '../tokens.ts';

/** Options of an {@link Encoder}. */
export interface EncoderSizes {
  /** Symbols of the source vocabulary. */
  source: number;
  /** Width of the embeddings. */
  embedding: number;
  /** Width of the recurrent network in each direction. */
  hidden: number;
  /** Number of layers. */
  layers: number;
  /** Probability of dropping an element of the embeddings, between layers, and of the outputs, if a key is given. */
  dropout: number;
  /** The recurrent network. Default `lstm`. */
  cell?: 'lstm' | 'gru' | undefined;
}

const rules: Rules<EncoderSizes> = {
  source: isSize,
  embedding: isSize,
  hidden: isSize,
  layers: isSize,
  dropout: isShare,
  cell: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('lstm', 'gru')),
};

/** A source sentence, read in both directions. */
export interface Encoded {
  /** One vector for each position `[B, S, 2·hidden]`. */
  outputs: Tensor;
  /** Real positions, bool `[B, S]`. */
  mask: Tensor;
  /** Last states of both directions side by side `[B, 2·hidden]`. */
  h: Tensor;
  /** The cells of an LSTM `[B, 2·hidden]`; `null` for a GRU. */
  c: Tensor | null;
}

/** Embedding and bidirectional LSTM or GRU (Bahdanau, Cho, Bengio 2015, §3.2, whose gated unit is the GRU). */
export class Encoder extends Module {
  readonly embedding: Embedding;
  readonly rnn: LSTM | GRU;
  private readonly dropout: Dropout;

  constructor(sizes: EncoderSizes, key: Key) {
    super();
    expectOptions('Encoder', sizes, rules);
    expectKey('Encoder', key);
    const [forEmbedding, forRnn] = split(key);
    const { embedding, hidden, layers, dropout, cell = 'lstm' } = sizes;
    this.embedding = new Embedding({ symbols: sizes.source, size: embedding }, forEmbedding);
    this.rnn = new { lstm: LSTM, gru: GRU }[cell]({ input: embedding, hidden, layers, bidirectional: true, dropout }, forRnn);
    this.dropout = new Dropout({ p: dropout });
  }

  /** int32 `[B, S]`, padded with `pad`. With `key` (training) dropout is on. */
  forward(source: Tensor, pad: number, options: { key?: Key | undefined } = {}): Encoded {
    expectTokens('forward', 'source', source);
    if (!Number.isInteger(pad)) throw new RangeError(`forward: pad must be a whole number, got ${shown(pad)}`);
    expectCall('Encoder', options, keyName);
    const keys = options.key ? split(options.key, 3) : [];
    const drop = (x: Tensor, i: number) => this.dropout.forward(x, keys[i] ? { key: keys[i] } : {});
    const mask = tokenMask(source, pad);
    const embedded = keys[0] && this.dropout.p > 0 ? drop(this.embedding.forward(source), 0) : this.embedding.lookup(source);
    const { output, state }: { output: Tensor; state: { h: Tensor; c?: Tensor } } = this.rnn.forward(embedded, { mask, key: keys[1] });
    const last = (x: Tensor) => concat([select(x, 0, -2), select(x, 0, -1)], 1); // [layers·2, B, D] → [B, 2·D]
    return { outputs: drop(output, 2), mask, h: last(state.h), c: state.c ? last(state.c) : null };
  }
}

/** From the encoder's last states to the decoder's first: h = tanh(W h′ + b), c = W c′ + b (after Bahdanau et al. 2015, A.2.2); c = 0 without `cell`. */
export class Bridge extends Module {
  readonly h: Linear;
  readonly c: Linear | null;

  constructor(sizes: { hidden: number; cell?: boolean }, key: Key) {
    super();
    expectOptions('Bridge', sizes, { hidden: isSize, cell: maybe(isFlag) });
    expectKey('Bridge', key);
    const { hidden, cell = true } = sizes;
    const [forH, forC] = split(key);
    this.h = new Linear({ input: 2 * hidden, output: hidden }, forH);
    this.c = cell ? new Linear({ input: 2 * hidden, output: hidden }, forC) : null;
  }

  /** The states `[B, D]` from which a decoder starts. */
  forward(encoded: Encoded): { h: Tensor; c: Tensor } {
    expectFields('Bridge', 'encoded', encoded, 'h', 'c');
    if (this.c && !encoded.c) throw new TypeError('Bridge: encoded must have c, or the bridge be made with cell: false, got null');
    const h = tanh(this.h.forward(encoded.h));
    return { h, c: this.c && encoded.c ? this.c.forward(encoded.c) : zeros(h.shape) };
  }
}
