// Selections of exactly one key. A choice has no slope; each selection says how its scores learn.

import { maskedOut } from '../ops/along.ts';
import {
  add,
  argmax,
  entropy,
  equal,
  gumbel,
  less,
  logSoftmax,
  max,
  mul,
  oneHot,
  pick,
  select,
  softmax,
  stack,
  straightThrough,
  uniform,
  where,
} from '../ops/index.ts';
import { expectOptions, maybe, ruleOf } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import { foldIn, type Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectScores } from './given.ts';
import type { Context, Draw, Selection } from './parts.ts';
import { inverse, isTemperature, type Temperature } from './selection.ts';

/** The index of the largest of each row, int32; −1 where all are −∞. */
export function choose(x: Tensor): Tensor {
  if (x.shape.at(-1) === 0) return full(x.shape.slice(0, -1), -1, 'int32');
  return where(equal(max(x, { axis: -1 }), -Infinity), -1, argmax(x, { axis: -1 }));
}

/** The scores, with −∞ where the mask is false. */
const shown = (scores: Tensor, { mask }: Context) => maskedOut('attention', scores, mask);

/** Noise for scores `[B, T, S]`. Each query draws from its own key, so that it draws the same in a step and in a sequence. */
export function drawn(
  draw: (key: Key, shape: readonly number[]) => Tensor,
  { key, each }: Draw,
  shape: readonly number[],
): Tensor | undefined {
  const [batch, queries, keys] = shape as [number, number, number];
  if (!key) return undefined;
  if (!each) return draw(key, shape);
  const steps = Array.from({ length: queries }, (_, t) => draw(foldIn(key, t), [batch, keys]));
  return stack(steps, 1);
}

/** The scores plus Gumbel noise, if there is a key to draw it from. */
function noisy(scores: Tensor, context: Context): Tensor {
  const noise = drawn(gumbel, context, scores.shape);
  return noise ? add(scores, noise) : scores;
}

/**
 * One key, drawn with its softmax probability (Xu et al. 2015, §4.1, *hard*; the argmax of scores plus Gumbel noise); without a random key,
 * the most probable. The weights carry no gradient to the scores: these learn through `logProbability` and `entropy`, as in REINFORCE
 * (Williams 1992).
 */
export const hard: Selection = {
  select(scores, context) {
    expectScores('hard', scores, context);
    const all = shown(scores, context);
    const logs = logSoftmax(all);
    const choice = choose(noisy(all, context));
    const weights = oneHot(choice, scores.shape[2] as number);
    return { weights, choice, logProbability: pick(logs, choice), entropy: entropy(all) };
  },
};

/** The key of the highest score, the first among equals. No gradient to the scores. */
export const highest: Selection = {
  select(scores, context) {
    expectScores('highest', scores, context);
    const choice = choose(shown(scores, context));
    return { weights: oneHot(choice, scores.shape[2] as number), choice };
  },
};

/**
 * The key of the highest score, or with probability `epsilon` any key with equal probability (Watkins 1989; Mnih et al. 2015, ε-greedy).
 * Scores estimate what reading a key is worth and learn by Q-learning through `value`. Without a random key, the highest score.
 */
export function exploring(options: { epsilon: number | (() => number) }): Selection {
  expectOptions('exploring', options, {
    epsilon: ruleOf(
      'in [0, 1], or a function',
      (value) => typeof value === 'function' || (typeof value === 'number' && value >= 0 && value <= 1),
    ),
  });
  return {
    select(scores, context) {
      expectScores('exploring', scores, context);
      const epsilon = typeof options.epsilon === 'number' ? options.epsilon : options.epsilon();
      if (!(epsilon >= 0 && epsilon <= 1)) throw new RangeError(`exploring: epsilon must be in [0, 1], got ${epsilon}`);
      const keys = scores.shape[2] as number;
      const coins = drawn((key, shape) => uniform(foldIn(key, 0), shape), context, scores.shape);
      const noise = drawn((key, shape) => gumbel(foldIn(key, 1), shape), context, scores.shape);
      const best = choose(shown(scores, context));
      const explores = coins && keys > 0 && less(select(coins, -1, 0), Math.ceil(epsilon * 2 ** 24) / 2 ** 24); // coins have 24 bits, exact in float32
      const choice = noise && explores ? where(explores, choose(shown(noise, context)), best) : best;
      return { weights: oneHot(choice, keys), choice, value: pick(scores, choice) };
    },
  };
}

/**
 * `softmax((score + g) / τ)` with Gumbel noise g (Jang, Gu, Poole 2017, "Categorical reparameterization with Gumbel-softmax", eq. 2;
 * Maddison, Mnih, Teh 2017): it approaches a draw as τ nears 0. Without a random key there is no noise.
 */
export function gumbelSoftmax(options: { temperature: Temperature }): Selection {
  expectOptions('gumbelSoftmax', options, { temperature: isTemperature });
  return {
    select(scores, context) {
      expectScores('gumbelSoftmax', scores, context);
      return { weights: softmax(mul(noisy(scores, context), inverse('gumbelSoftmax', options.temperature)), { mask: context.mask }) };
    },
  };
}

/**
 * One key, drawn as by {@link hard}, with the gradient of {@link gumbelSoftmax} under the same noise (Jang et al. 2017, §2.2,
 * *straight-through*). Without a random key: the highest score, with the gradient of softmax.
 */
export function gumbelStraightThrough(options: { temperature?: Temperature | undefined } = {}): Selection {
  expectOptions('gumbelStraightThrough', options, { temperature: maybe(isTemperature) });
  const { temperature = 1 } = options;
  return {
    select(scores, context) {
      expectScores('gumbelStraightThrough', scores, context);
      const all = noisy(scores, context);
      const choice = choose(shown(all, context));
      const weights = softmax(mul(all, inverse('gumbelStraightThrough', temperature)), { mask: context.mask });
      return { weights: straightThrough(oneHot(choice, scores.shape[2] as number), weights), choice };
    },
  };
}

/**
 * The key of the highest score, with the gradient of softmax (Bengio, Léonard, Courville 2013, §4): it reads what {@link highest} reads and
 * learns as if it had read a little of every key.
 */
export const highestStraightThrough: Selection = {
  select(scores, context) {
    expectScores('highestStraightThrough', scores, context);
    const { key: _, ...rest } = context;
    return gumbelStraightThrough().select(scores, rest);
  },
};
