import { Attention } from '../../attention/attention.ts';
import { AdditiveScore } from '../../attention/score.ts';
import { Linear } from '../../nn/linear.ts';
import { type Core, type CoreStep, unroll } from '../../nn/unroll.ts';
import { add, concat, tanh } from '../../ops/index.ts';
import { expectKey, expectOptions } from '../../tensor/check.ts';
import { zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { AttendingReader, type BothWays, type DocumentLook } from './attending-reader.ts';
import { isReader, type ReaderOptions } from './reader.ts';

/** What was read so far `[B, 2·hidden]`. */
type Read = { readonly read: Tensor };

/**
 * The impatient reader (Hermann et al. 2015, §3.2), which looks at the document again at each token i of the question: `m(i,t) = tanh(W_dm y_d(t) + W_rm r(i−1)
 * + W_qm y_q(i))`, `s(i,t) ∝ e^(w·m(i,t))`, `r(i) = Σ s(i,t) y_d(t) + tanh(W_rr r(i−1))` from r(0) = 0, and `g = tanh(W_rg r + W_ug u)` with the last r.
 *
 * `attention.score` has W_rm and W_qm side by side (`query`), W_dm (`key`) and w (`v`); `again` is W_rr. Its `weights` `[B, T, S]` are s; they are 0 where the question has ended.
 */
export class ImpatientReader extends AttendingReader {
  readonly attention: Attention;
  readonly again: Linear;

  constructor(options: ReaderOptions, key: Key) {
    expectOptions('ImpatientReader', options, isReader);
    expectKey('ImpatientReader', key);
    const [own, forScore, forAgain] = split(key, 3);
    super('ImpatientReader', options, { cell: 'lstm', joined: true }, own);
    const width = 2 * options.hidden;
    this.attention = new Attention({ score: new AdditiveScore({ query: 2 * width, key: width, hidden: width }, forScore) });
    this.again = new Linear({ input: width, output: width, bias: false }, forAgain);
  }

  /** @internal */
  protected override look(document: BothWays, question: BothWays): DocumentLook {
    const { outputs, mask } = document;
    const prepared = this.attention.prepare(outputs, outputs, { mask });
    const core: Core<Read, CoreStep<Read>> = {
      initialState: (batch) => ({ read: zeros([batch, outputs.shape[2] as number]) }),
      step: (token, { read }) => {
        const { context, weights } = this.attention.step(concat([read, token], 1), prepared, {});
        return { output: weights, state: { read: add(context, tanh(this.again.forward(read))) } };
      },
    };
    const { output, state } = unroll(core, question.outputs, { mask: question.mask });
    return { read: state.read, weights: output };
  }
}
