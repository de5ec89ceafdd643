// Raffel's monotonic attention: a reader that goes through the keys, stops at one for each query, and never goes back.

import { param } from '../nn/module.ts';
import { maskedOut } from '../ops/along.ts';
import { add, div, monotonicWeights, mul, normal, oneHot, reshape, select, sigmoid, sqrt, square, sum } from '../ops/index.ts';
import { expectKey, expectOptions, isNumber, maybe, ruleOf } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { drawn } from './hard.ts';
import { int32, remember } from './history.ts';
import type { AttentionSizes, Selection } from './parts.ts';
import { AdditiveScore, isAttentionSizes, Score } from './score.ts';

/**
 * `g · vᵀ tanh(W q + V k + b) / ‖v‖ + r` (Raffel, Luong, Liu, Weiss, Eck 2017, "Online and linear-time attention by enforcing monotonic
 * alignments", §2.4): the additive score with a scale and an offset of their own. `gain` `[1]` is g, 1/√hidden at first as there; `offset`
 * `[1]` is r.
 */
export class MonotonicScore extends Score {
  readonly additive: AdditiveScore;
  readonly gain: Tensor;
  readonly offset: Tensor;

  constructor(sizes: AttentionSizes & { offset?: number }, key: Key) {
    super();
    expectOptions('MonotonicScore', sizes, { ...isAttentionSizes, offset: maybe(isNumber) });
    expectKey('MonotonicScore', key);
    const { offset = -1, ...widths } = sizes;
    this.additive = new AdditiveScore(widths, key);
    this.gain = param(() => full([1], 1 / Math.sqrt(sizes.hidden)));
    this.offset = param(() => full([1], offset));
  }

  override prepare(keys: Tensor): Tensor {
    return this.additive.prepare(keys);
  }

  override score(query: Tensor, prepared: Tensor): Tensor {
    const { v } = this.additive;
    const scale = div(this.gain, sqrt(sum(square(v), { keepDims: true }))); // [1]
    return add(mul(this.additive.score(query, prepared), scale), this.offset);
  }
}

/** The weights of the step before `[B, S]`, all on the first key at first: state `stopped`. */
const stopped = /* @__PURE__ */ remember({
  stopped: {
    initial({ values }) {
      const [batch, keys] = values.shape as [number, number];
      const y = empty([batch, keys]);
      const view = y.view().fill(0);
      for (let b = 0; b < batch; b++) view[b * keys] = 1;
      return y;
    },
    next: (_, { weights }) => select(weights, 1, -1),
    sequential: true,
  },
});

const isDeviation = /* @__PURE__ */ ruleOf('a finite number from 0', (value) => Number.isFinite(value) && (value as number) >= 0);

/**
 * The probability of stopping at each key, `p = sigmoid(score)` being that of stopping once there (Raffel et al. 2017, §2.3, eq. 8–9: what
 * it learns by). The weights sum to at most 1: it may reach the end. With a key, normal `noise` (a standard deviation, default 1) is added
 * to the scores, so that they learn to be far from 0 (§2.5).
 */
export function monotonicSoft(options: { noise?: number } = {}): Selection {
  expectOptions('monotonicSoft', options, { noise: maybe(isDeviation) });
  const { noise: std = 1 } = options;
  return {
    history: stopped,
    select(scores, context) {
      const noise = drawn((key, shape) => normal(key, shape, { std }), context, scores.shape);
      const p = sigmoid(maskedOut('monotonic', noise ? add(scores, noise) : scores, context.mask)); // [B, 1, S]
      return { weights: monotonicWeights(p, reshape(context.state.stopped as Tensor, p.shape)) };
    },
  };
}

/** Where the reader stopped last, int32 `[B, 1]`: state `reached`. */
const reached = /* @__PURE__ */ remember({
  reached: {
    initial: ({ values }) => int32([values.shape[0] as number, 1], () => 0),
    next(before, { choice }) {
      const [old, now] = [before.peek(), (choice as Tensor).peek()];
      return int32(before.shape, (i) => ((now[i] as number) < 0 ? (old[i] as number) : (now[i] as number)));
    },
    sequential: true,
  },
});

/**
 * The first key from where it stopped last whose score is above 0, that is p > ½; where there is none it reads nothing and stays (Raffel et
 * al. 2017, algorithm 1: how it decodes, in linear time). No gradient to the scores: learn with {@link monotonicSoft}.
 */
export const monotonicHard: Selection = {
  history: reached,
  select(scores, { mask, state }) {
    const keys = scores.shape[2] as number;
    const view = maskedOut('monotonic', scores, mask).peek();
    const from = (state.reached as Tensor).peek();
    const choice = int32(scores.shape.slice(0, 2), (b) => {
      for (let s = from[b] as number; s < keys; s++) if ((view[b * keys + s] as number) > 0) return s;
      return -1;
    });
    return { weights: oneHot(choice, keys), choice };
  },
};
