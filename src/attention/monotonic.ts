// Raffel's monotonic attention: a reader that moves through the keys, stops at one for each query, and never goes back.

import { param } from '../nn/module.ts';
import { maskedOut } from '../ops/along.ts';
import {
  add,
  and,
  div,
  equal,
  expand,
  greater,
  less,
  lessEqual,
  monotonicWeights,
  mul,
  normal,
  oneHot,
  reshape,
  select,
  sigmoid,
  sqrt,
  square,
  sum,
  toFloat,
  where,
} from '../ops/index.ts';
import { expectKey, expectOptions, isNumber, maybe, ruleOf } from '../tensor/check.ts';
import { arange, full, zeros } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectScores } from './given.ts';
import { choose, drawn } from './hard.ts';
import { remember, rememberedBy } from './history.ts';
import type { AttentionSizes, Selection } from './parts.ts';
import { AdditiveScore, isAttentionSizes, Score } from './score.ts';

/**
 * `g · vᵀ tanh(W q + V k + b) / ‖v‖ + r` (Raffel, Luong, Liu, Weiss, Eck 2017, "Online and linear-time attention by enforcing monotonic
 * alignments", §2.4): the additive score with its own scale and offset. `gain` `[1]` is g, 1/√hidden at first as there; `offset` `[1]` is
 * r.
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

/** The weights of the previous step `[B, S]`, initially all on the first key: state `stopped`. */
const stopped = /* @__PURE__ */ remember({
  stopped: {
    initial({ values }) {
      const [batch, keys] = values.shape as [number, number];
      return expand(toFloat(equal(arange(keys), 0)), [batch, keys]);
    },
    next: (_, { weights }) => select(weights, 1, -1),
    sequential: true,
  },
});

const isDeviation = /* @__PURE__ */ ruleOf('a finite number from 0', (value) => Number.isFinite(value) && (value as number) >= 0);

/**
 * The probability of stopping at each key, if `p = sigmoid(score)` is that of stopping once there (Raffel et al. 2017, §2.3, eq. 8–9: the
 * training form). The weights sum to at most 1, since the reader may reach the end. With a random key, normal `noise` (a standard
 * deviation, default 1) is added to the scores, which teaches them to be far from 0 (§2.5).
 */
export function monotonicSoft(options: { noise?: number | undefined } = {}): Selection<{ stopped: Tensor }> {
  expectOptions('monotonicSoft', options, { noise: maybe(isDeviation) });
  const { noise: std = 1 } = options;
  return {
    history: stopped,
    select(scores, context) {
      expectScores('monotonicSoft', scores, context);
      const noise = drawn((key, shape) => normal(key, shape, { std }), context, scores.shape);
      const p = sigmoid(maskedOut('monotonic', noise ? add(scores, noise) : scores, context.mask)); // [B, 1, S]
      return { weights: monotonicWeights(p, reshape(rememberedBy('monotonicSoft', context.state, 'stopped'), p.shape)) };
    },
  };
}

/** The place of the last stop, int32 `[B, 1]`: state `reached`. */
const reached = /* @__PURE__ */ remember({
  reached: {
    initial: ({ values }) => zeros([values.shape[0] as number, 1], 'int32'),
    next: (before, { choice }) => where(less(choice as Tensor, 0), before, choice as Tensor),
    sequential: true,
  },
});

/** The index of the first true in each row, int32; −1 if there is none. */
const firstTrue = (mask: Tensor): Tensor => choose(where(mask, 1, -Infinity));

/**
 * The first key, from the last stop on, whose score is above 0, that is p > ½; if there is none the reader reads nothing and stays (Raffel
 * et al. 2017, algorithm 1: decoding in linear time). No gradient to the scores: train with {@link monotonicSoft}.
 */
export const monotonicHard: Selection<{ reached: Tensor }> = {
  history: reached,
  select(scores, context) {
    expectScores('monotonicHard', scores, context);
    const { mask, state } = context;
    const keys = scores.shape[2] as number;
    const ahead = lessEqual(reshape(rememberedBy('monotonicHard', state, 'reached'), [-1, 1, 1]), arange(keys)); // [B, 1, S]
    const stops = and(ahead, greater(maskedOut('monotonic', scores, mask), 0));
    const choice = firstTrue(stops);
    return { weights: oneHot(choice, keys), choice };
  },
};
