// Readers that read document and question apart, in both directions, and then look at the document.

import { Linear } from '../../nn/linear.ts';
import { GRU, LSTM } from '../../nn/recurrent.ts';
import { add, concat, select, tanh } from '../../ops/index.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Digest, Reader, type ReaderOptions, type Side } from './reader.ts';

/** A text read in both directions. */
export interface BothWays {
  /** One vector for each place `[B, S, 2·hidden]`. */
  outputs: Tensor;
  /** The last states of both directions side by side `[B, 2·hidden]`. */
  last: Tensor;
  /** Real places, bool `[B, S]`. */
  mask: Tensor;
}

/** What a reader has looked at. */
export interface DocumentLook {
  /** What was read in the end `[B, 2·hidden]`. */
  read: Tensor;
  /** How much of each place was taken at each look `[B, T, S]`. */
  weights: Tensor;
}

function bothWays(rnn: LSTM | GRU, { input, mask }: Side): BothWays {
  const { output, state }: { output: Tensor; state: { h: Tensor } } = rnn.forward(input, { mask });
  return { outputs: output, last: concat([select(state.h, 0, 0), select(state.h, 0, 1)], 1), mask };
}

/** What a reader that looks is made of, besides its attention. */
export interface AttendingParts {
  /** The recurrent networks. */
  cell: 'lstm' | 'gru';
  /** Whether the answer is chosen by `g = tanh(W_rg r + W_ug u)`, or else by r itself. */
  joined: boolean;
}

/**
 * A reader with a network for the document and one for the question, both bidirectional: `y_d(t)` are the outputs of the first, u the last states of the second.
 * It looks at `y_d` and reads r; then `g = tanh(W_rg r + W_ug u)` (Hermann et al. 2015, §3.2), or g is r (Chen, Bolton and Manning 2016, §3.2).
 */
export abstract class AttendingReader extends Reader {
  readonly document: LSTM | GRU;
  readonly question: LSTM | GRU;
  readonly joinRead: Linear | null;
  readonly joinQuestion: Linear | null;
  override readonly output: Linear;

  constructor(name: string, options: ReaderOptions, { cell, joined }: AttendingParts, key: Key) {
    const keys = split(key, 6);
    super(name, options, keys[0]);
    const { hidden, embedding = hidden, candidates } = options;
    const [Network, width] = [{ lstm: LSTM, gru: GRU }[cell], 2 * hidden];
    this.document = new Network({ input: embedding, hidden, bidirectional: true }, keys[1]);
    this.question = new Network({ input: embedding, hidden, bidirectional: true }, keys[2]);
    const join = (from: Key) => (joined ? new Linear({ input: width, output: width, bias: false }, from) : null);
    this.joinRead = join(keys[3]);
    this.joinQuestion = join(keys[4]);
    this.output = new Linear({ input: width, output: candidates, bias: false }, keys[5]);
  }

  /** Looks at the document. @internal */
  protected abstract look(document: BothWays, question: BothWays): DocumentLook;

  /** @internal */
  protected override digest(document: Side, question: Side): Digest {
    const u = bothWays(this.question, question);
    const { read, weights } = this.look(bothWays(this.document, document), u);
    const { joinRead, joinQuestion } = this;
    return { vector: joinRead && joinQuestion ? tanh(add(joinRead.forward(read), joinQuestion.forward(u.last))) : read, weights };
  }
}
