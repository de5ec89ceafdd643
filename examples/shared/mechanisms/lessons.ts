// How to train models whose attention makes choices.
import { add, crossEntropy, equal, mul, neg, not, type Schedule, split, type Tensor } from 'saccade';
import { hard, type Selection, soft } from 'saccade/attention';
import { randomInt } from 'saccade/tensor';
import { exponentialAnneal, type MovingAverage, movingAverage, reinforceLoss } from 'saccade/train';
import type { Training } from '../../runner/recipe.ts';
import type { Model } from '../pronunciation/speaker.ts';
import type { Words } from '../pronunciation/words.ts';

/** The parts of a lesson that differ from the usual one. */
export type Lesson = Partial<Pick<Training<Words>, 'loss' | 'numbers'>>;

/** Facts about the whole lesson. */
export interface LessonOptions {
  labelSmoothing: number;
  steps: number;
}

const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);

/** Makes the lesson of a model. */
export type MakeLesson = (model: Model, options: LessonOptions) => Lesson;

/**
 * Attention that draws an item, and its lesson: cross entropy under the items drawn, plus REINFORCE for the draws. The reward is the
 * log-probability of the true phone at its step, the baseline its moving average. Every second batch, by a coin, uses the expectation
 * instead of a draw, as in Xu et al. 2015, §4.1: those steps have no variance. Decoding takes the likeliest item.
 */
export function drawing(options: { entropyWeight?: number } = {}): { selection: Selection; lesson: MakeLesson } {
  let expected = false;
  let average: MovingAverage = { value: 0, weight: 0 };
  const lesson: MakeLesson = (model, { labelSmoothing }) => ({
    loss: ({ source, target }, { key }) => {
      const [forCoin, forModel] = split(key);
      const usual = (logits: Tensor) => crossEntropy(logits, target, { ignoreIndex: 0, labelSmoothing });
      expected = randomInt(forCoin, 0, 2) === 0;
      const { logits, logProbability, entropy } = model.teach(source, target, { key: forModel });
      const drew = !expected && logProbability;
      expected = false;
      if (!drew) return usual(logits);
      const mask = not(equal(target, 0)); // [B, T]
      const reward = neg(crossEntropy(logits, target, { ignoreIndex: 0, reduction: 'none' })); // [B, T]
      const real = total(mask.toArray());
      const { value: baseline } = average;
      average = movingAverage(average, total(reward.toArray()) / real);
      const drawn = reinforceLoss(drew, reward, { baseline, mask, ...options, ...(entropy && { entropy }) });
      return add(usual(logits), mul(drawn, (target.shape[0] as number) / real)); // both per phone
    },
    numbers: {
      save: () => ({ ...average }),
      load: ({ value = 0, weight = 0 }) => {
        average = { value, weight };
      },
    },
  });
  return { selection: { select: (scores, context) => (expected ? soft : hard).select(scores, context) }, lesson };
}

/** A temperature for a selection, and a lesson that lowers it: from 1 to 0.5 in steps, exponentially (Jang et al. 2017, §4.2). */
export function cooling(): { read: () => number; lesson: MakeLesson } {
  let temperature = 1;
  return {
    read: () => temperature,
    lesson(model, { labelSmoothing, steps }) {
      const schedule: Schedule = exponentialAnneal(1, { factor: 0.95, every: Math.max(1, Math.round(steps / 14)), minimum: 0.5 });
      return {
        loss({ source, target }, { key, step }) {
          temperature = schedule(step);
          return crossEntropy(model.forward(source, target, { key }), target, { ignoreIndex: 0, labelSmoothing });
        },
      };
    },
  };
}
