import { Attention } from '../attention/attention.ts';
import { DotScore } from '../attention/score.ts';
import { Dropout } from '../nn/dropout.ts';
import { Linear } from '../nn/linear.ts';
import { Module, param } from '../nn/module.ts';
import { GRU } from '../nn/recurrent.ts';
import { concat, expand, linear, mul, reshape, slice, tanh, uniform } from '../ops/index.ts';
import {
  expectCall,
  expectFields,
  expectKey,
  expectOptions,
  isFlag,
  isShare,
  isSize,
  maybe,
  type Names,
  type Rules,
} from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { expectDType, kindOf, Tensor } from '../tensor/tensor.ts';

/** Options of an {@link AttentionClassifier}. */
export interface AttentionClassifierOptions {
  /** I, the width of a step. */
  input: number;
  /** D, the width of the GRU in each direction, and of the attention's keys. */
  hidden: number;
  /** C, the number of labels. */
  labels: number;
  /** Whether it also reads from the end. Without it there is {@link AttentionClassifier.step}. Default true. */
  bidirectional?: boolean | undefined;
  /** Probability of dropping an element of the input, and of what is read, if a key is given. Default 0. */
  dropout?: number | undefined;
}

/** Options of a call. */
export interface ClassifyOptions {
  /** bool `[B, T]`, true where a step is real. */
  mask?: Tensor | undefined;
  /** The random key of training. */
  key?: Key | undefined;
}

/** The labels of sequences, and what they come from. */
export interface Classified {
  /** `[B, C]`. */
  logits: Tensor;
  /** How much of each step was read `[B, T]`; each row sums to 1. */
  weights: Tensor;
  /** What it was read from `[B, T, V]`, for {@link AttentionClassifier.effects}. */
  values: Tensor;
}

/** What {@link AttentionClassifier.step} carries on: the GRU's state, and the steps so far as attention reads them. */
export type ClassifierState = { readonly h: Tensor; readonly keys: Tensor; readonly values: Tensor };

const rules: Rules<AttentionClassifierOptions> = {
  input: isSize,
  hidden: isSize,
  labels: isSize,
  bidirectional: /* @__PURE__ */ maybe(isFlag),
  dropout: /* @__PURE__ */ maybe(isShare),
};

const calling: Names<ClassifyOptions> = { mask: 0, key: 0 };

/**
 * One label for a sequence: a GRU reads the steps x, attention with a learned query u pools them (Yang et al. 2016, "Hierarchical attention networks",
 * eq. 5 to 7): `k = tanh(W h + b)`, `α = softmax(kᵀ u)`, and the logits are `V Σ α [h; x] + c`. The pooled vector has the input beside the state, so that a
 * step counts by itself and not only in its context. The map after it is linear, so the logits are a sum over steps: {@link effects} has its terms.
 */
export class AttentionClassifier extends Module {
  readonly rnn: GRU;
  readonly keys: Linear; // [D, ways · D]
  readonly query: Tensor; // [D]
  readonly attention: Attention;
  readonly output: Linear; // [C, ways · D + I]
  private readonly dropout: Dropout;

  constructor(options: AttentionClassifierOptions, key: Key) {
    super();
    expectOptions('AttentionClassifier', options, rules);
    expectKey('AttentionClassifier', key);
    const { input, hidden, labels, bidirectional = true, dropout = 0 } = options;
    const width = hidden * (bidirectional ? 2 : 1);
    const [forRnn, forKeys, forQuery, forOutput] = split(key, 4);
    this.rnn = new GRU({ input, hidden, bidirectional }, forRnn);
    this.keys = new Linear({ input: width, output: hidden }, forKeys);
    const bound = 1 / Math.sqrt(hidden);
    this.query = param(() => uniform(forQuery, [hidden], { low: -bound, high: bound }));
    this.attention = new Attention({ score: new DotScore() });
    this.output = new Linear({ input: width + input, output: labels }, forOutput);
    this.dropout = new Dropout({ p: dropout });
  }

  /** From steps `[B, T, I]` to the logits of the labels `[B, C]`. With `key` (training) dropout is on. */
  forward(x: Tensor, options: ClassifyOptions = {}): Classified {
    expectCall('AttentionClassifier', options, calling);
    const { input } = this.rnn;
    if (!(x instanceof Tensor && x.dtype === 'float32' && x.rank === 3 && x.shape[1] && x.shape[2] === input)) {
      throw new RangeError(`AttentionClassifier: x must be float32 [B, T, ${input}] with T from 1, got ${kindOf(x)}`);
    }
    const [forInput, forRead] = options.key ? split(options.key) : [];
    const read = this.dropout.forward(x, { key: forInput });
    const { output: h } = this.rnn.forward(read, { mask: options.mask }); // [B, T, ways · D]
    return this.pooled(this.keysOf(h), concat([h, read], 2), { mask: options.mask, key: forRead });
  }

  /** The state before the first step. */
  initialState(batch: number): ClassifierState {
    const { input, hidden } = this.rnn;
    return { h: zeros([1, batch, hidden]), keys: zeros([batch, 0, hidden]), values: zeros([batch, 0, hidden + input]) };
  }

  /**
   * The labels of the steps up to this one, `x` `[B, I]`: the same as {@link forward} of all of them. With `window` it forgets all but the last so many
   * steps, though the GRU's state goes on. It must not be bidirectional.
   */
  step(x: Tensor, state: ClassifierState, options: { window?: number | undefined } = {}): Classified & { state: ClassifierState } {
    expectOptions('AttentionClassifier', options, { window: maybe(isSize) });
    if (this.rnn.bidirectional)
      throw new Error('AttentionClassifier: it reads from the end as well; make it with bidirectional: false to step');
    const { input } = this.rnn;
    if (!(x instanceof Tensor && x.rank === 2 && x.shape[1] === input && x.shape[0] === state.keys.shape[0])) {
      throw new RangeError(`AttentionClassifier: x must be [${state.keys.shape[0]}, ${input}] for this state, got ${kindOf(x)}`);
    }
    const one = reshape(x, [-1, 1, input]); // [B, 1, I]
    const { output: h, state: after } = this.rnn.forward(one, { state: { h: state.h } });
    const { window = Infinity } = options;
    const grown = (all: Tensor, last: Tensor) => {
      const kept = Math.min(all.shape[1] as number, window - 1);
      return kept === 0 ? last : concat([slice(all, 1, (all.shape[1] as number) - kept), last], 1);
    };
    const [keys, values] = [grown(state.keys, this.keysOf(h)), grown(state.values, concat([h, one], 2))];
    return { ...this.pooled(keys, values, {}), state: { h: after.h, keys, values } };
  }

  /** What each step adds to the logits `[B, T, C]`: the sum over T is the logits without the bias. */
  effects(classified: Pick<Classified, 'weights' | 'values'>): Tensor {
    expectFields('AttentionClassifier', 'classified', classified, 'weights', 'values');
    const { weights, values } = classified;
    expectDType('AttentionClassifier', 'weights', weights, 'float32');
    expectDType('AttentionClassifier', 'values', values, 'float32');
    if (!sameShape(weights.shape, values.shape.slice(0, -1)))
      throw new RangeError(`AttentionClassifier: weights must be ${show(values.shape.slice(0, -1))}, got ${show(weights.shape)}`);
    return mul(linear(values, this.output.weight), reshape(weights, [...weights.shape, 1]));
  }

  private keysOf(h: Tensor): Tensor {
    return tanh(this.keys.forward(h)); // [B, T, D]
  }

  private pooled(keys: Tensor, values: Tensor, { mask, key }: ClassifyOptions): Classified {
    const [batch, length, width] = keys.shape as [number, number, number];
    const query = expand(reshape(this.query, [1, 1, width]), [batch, 1, width]);
    const { output, weights } = this.attention.forward(query, keys, values, { mask });
    const read = this.dropout.forward(reshape(output, [batch, -1]), { key }); // [B, V]
    return { logits: this.output.forward(read), weights: reshape(weights, [batch, length]), values };
  }
}
