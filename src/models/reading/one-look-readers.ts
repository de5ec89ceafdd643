// Readers that look at the document once: with the attention of 2015, with that of 2016, and evenly, without choice.

import { Attention } from '../../attention/attention.ts';
import { AdditiveScore, GeneralScore } from '../../attention/score.ts';
import { div, matmul, maximum, reshape, select, sum, toFloat } from '../../ops/index.ts';
import { expectKey, expectOptions, isOneOf, maybe } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { AttendingReader, type BothWays, type DocumentLook } from './attending-reader.ts';
import { isReader, type ReaderOptions } from './reader.ts';

/** Options of readers of two networks, one for the document and one for the question. */
export interface OneLookOptions extends ReaderOptions {
  /** The recurrent networks. Default `lstm`; `gru` for the {@link BilinearReader}. */
  cell?: 'lstm' | 'gru' | undefined;
}

const rules = { ...isReader, cell: /* @__PURE__ */ maybe(isOneOf('lstm', 'gru')) };

/** One look of the question u at the document. */
function once(attention: Attention, { outputs, mask }: BothWays, { last }: BothWays): DocumentLook {
  const query = reshape(last, [last.shape[0] as number, 1, -1]); // [B, 1, Q]
  const { output, weights } = attention.forward(query, outputs, outputs, { mask });
  return { read: select(output, 1, 0), weights };
}

/**
 * The attentive reader (Hermann et al. 2015, §3.2): `m(t) = tanh(W_ym y_d(t) + W_um u)`, `s(t) ∝ e^(w·m(t))`, `r = Σ s(t) y_d(t)`, `g = tanh(W_rg r + W_ug
 * u)`. `attention.score` has W_um (`query`), W_ym (`key`) and w (`v`). Its `weights` `[B, 1, S]` are s.
 */
export class AttentiveReader extends AttendingReader {
  readonly attention: Attention;

  constructor(options: OneLookOptions, key: Key) {
    expectOptions('AttentiveReader', options, rules);
    expectKey('AttentiveReader', key);
    const [own, forScore] = split(key);
    super('AttentiveReader', options, { cell: options.cell ?? 'lstm', joined: true }, own);
    const width = 2 * options.hidden;
    this.attention = new Attention({ score: new AdditiveScore({ query: width, key: width, hidden: width }, forScore) });
  }

  /** @internal */
  protected override look(document: BothWays, question: BothWays): DocumentLook {
    return once(this.attention, document, question);
  }
}

/**
 * The reader of Chen, Bolton and Manning (2016, "A thorough examination of the CNN/Daily Mail reading comprehension task", §3.2), known as the Stanford
 * reader: `s(t) ∝ e^(uᵀ W y_d(t))`, `r = Σ s(t) y_d(t)`, and the answer is chosen by r alone. Its networks are GRUs by default. Its `weights` `[B, 1, S]` are s.
 */
export class BilinearReader extends AttendingReader {
  readonly attention: Attention;

  constructor(options: OneLookOptions, key: Key) {
    expectOptions('BilinearReader', options, rules);
    expectKey('BilinearReader', key);
    const [own, forScore] = split(key);
    super('BilinearReader', options, { cell: options.cell ?? 'gru', joined: false }, own);
    const width = 2 * options.hidden;
    this.attention = new Attention({ score: new GeneralScore({ query: width, key: width }, forScore) });
  }

  /** @internal */
  protected override look(document: BothWays, question: BothWays): DocumentLook {
    return once(this.attention, document, question);
  }
}

/**
 * The control of Hermann et al. (2015, §4): an {@link AttentiveReader} that takes as much of every token, `s(t) = 1/|D|`. The difference between the two is what attention is worth.
 */
export class UniformReader extends AttendingReader {
  constructor(options: OneLookOptions, key: Key) {
    expectOptions('UniformReader', options, rules);
    expectKey('UniformReader', key);
    super('UniformReader', options, { cell: options.cell ?? 'lstm', joined: true }, key);
  }

  /** @internal */
  protected override look({ outputs, mask }: BothWays): DocumentLook {
    const real = toFloat(mask);
    const even: Tensor = div(real, maximum(sum(real, { axis: 1, keepDims: true }), 1)); // [B, S]
    const weights = reshape(even, [real.shape[0] as number, 1, -1]);
    return { read: select(matmul(weights, outputs), 1, 0), weights };
  }
}
