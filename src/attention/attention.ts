import { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { matmul, reshape, select } from '../ops/index.ts';
import type { Key } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { maskOfScores } from './mask.ts';
import { AdditiveScore, type Score, type ScoreName, scoreNamed } from './score.ts';
import { type Selection, soft } from './selection.ts';
import { everywhere, type Window } from './window.ts';

/** A memory made ready for step-by-step use: what does not depend on the query. Its first axes are the batch, like a state's. */
export interface Prepared extends State {
  /** Keys as the score takes them `[B, S, ·]`. */
  readonly keys: Tensor;
  /** `[B, S, V]`. */
  readonly values: Tensor;
}

/** What one step gives: the context read `[B, V]`, the weights `[B, S]`, and the state for the next step. */
export interface Step {
  context: Tensor;
  weights: Tensor;
  state: State;
}

/**
 * Attention as *score → window → selection → read*: how well the query matches each key, where it may look, how much of each it
 * takes, and the weighted sum of the values. The step form and the whole-sequence form give the same bits.
 */
export class Attention extends Module {
  readonly score: Score;
  readonly window: Window;
  readonly selection: Selection;

  constructor(parts: { score: Score; window?: Window; selection?: Selection }) {
    super();
    this.score = parts.score;
    this.window = parts.window ?? everywhere;
    this.selection = parts.selection ?? soft;
  }

  /**
   * Queries `[B, T, Q]`, keys `[B, S, K]` and values `[B, S, V]` to `output` `[B, T, V]` and `weights` `[B, T, S]`. `mask` is bool,
   * true = may attend: `[B, S]` for all queries or `[B, T, S]`.
   */
  forward(query: Tensor, keys: Tensor, values: Tensor, options: { mask?: Tensor; key?: Key } = {}): { output: Tensor; weights: Tensor } {
    const prepared = this.prepare(keys, values, options);
    return this.attend(query, prepared, {}, options.key);
  }

  /** A memory of keys `[B, S, K]` and values `[B, S, V]` (the keys themselves by default), ready for {@link step}. */
  prepare(keys: Tensor, values: Tensor = keys, options: { mask?: Tensor } = {}): Prepared {
    if (values.rank !== 3 || values.shape[0] !== keys.shape[0] || values.shape[1] !== keys.shape[1]) {
      throw new RangeError(`attention: keys and values must be [B, S, K] and [B, S, V], got ${show(keys.shape)} and ${show(values.shape)}`);
    }
    const prepared = { keys: this.score.prepare(keys), values };
    return options.mask ? { ...prepared, mask: options.mask } : prepared;
  }

  /** The state before the first step. */
  initialState(): State {
    return {};
  }

  /** One query `[B, Q]` for each memory of the batch. */
  step(query: Tensor, prepared: Prepared, state: State, options: { key?: Key } = {}): Step {
    const [batch = 0, width = 0] = query.shape;
    const { output, weights } = this.attend(reshape(query, [batch, 1, width]), prepared, state, options.key);
    return { context: select(output, 1, 0), weights: select(weights, 1, 0), state };
  }

  private attend(query: Tensor, prepared: Prepared, state: State, key: Key | undefined): { output: Tensor; weights: Tensor } {
    const all = this.score.score(query, prepared.keys, state); // [B, T, S]
    const given = prepared.mask as Tensor | undefined;
    const windowed = this.window(all, { query, state, ...(given ? { mask: maskOfScores('attention', given, all.shape) } : {}) });
    const { scores, mask } = windowed;
    const weights = this.selection(scores, { ...(mask ? { mask } : {}), ...(key ? { key } : {}) });
    return { output: matmul(weights, prepared.values), weights };
  }
}

/** Bahdanau, Cho, Bengio 2015: additive score, every key, softmax. */
export function bahdanau(sizes: { query: number; key: number; hidden: number }, key: Key): Attention {
  return new Attention({ score: new AdditiveScore(sizes, key) });
}

/** Soft attention over every key with a score by name. */
export function softAttention(score: ScoreName, sizes: { query: number; key: number; hidden: number }, key: Key): Attention {
  return new Attention({ score: scoreNamed(score, sizes, key) });
}
