// What the recipes on pronunciation share: their words, how models are measured on them, and the lesson itself.
import { dirname } from 'node:path';
import { errorRates } from 'saccade';
import { type Dictionary, dictionaryOf, type Entry } from '../pronounce/dictionary.ts';
import { optimizerOf, type Recipe as Teaching, teaching } from '../pronounce/recipe.ts';
import { type Model, type Shape, Speaker } from '../pronounce/speaker.ts';
import type { Context, DataNeed, Point } from './recipe.ts';

/** Words of one length, and how many of them were said wrong. */
export interface Length {
  length: number;
  words: number;
  wrong: number;
}

/** What a model does on held-out words. */
export interface Measured {
  wordErrorRate: number;
  phoneErrorRate: number;
  byLength: Length[];
}

/** A taught model. */
export interface Taught extends Measured {
  parameters: number;
  points: Point[];
}

export const need: DataNeed = {
  folder: 'g2p',
  files: ['g014b2b.train'],
  source: 'github.com/steveash/jg2p; without it: npm cmu-pronouncing-dictionary, whose figures are not the papers’',
  optional: true,
};

/** The dictionary; in quick runs a part of its short words, which is learnt in seconds. */
export async function dictionaryFor(context: Pick<Context, 'quick' | 'hasData' | 'path'>): Promise<Dictionary> {
  const whole = await dictionaryOf(context.hasData ? dirname(context.path('g014b2b.train')) : undefined);
  if (!context.quick) return whole;
  const short = (entries: Entry[], most: number) => entries.filter(({ word }) => word.length <= 5).slice(0, most);
  return { ...whole, train: short(whole.train, 4000), dev: short(whole.dev, 400), test: short(whole.test, 400) };
}

/** A shape with the alphabets of a dictionary. */
export function shapeFor(dictionary: Dictionary, { attention, hidden, embedding, layers, dropout, members }: Teaching): Shape {
  const phones = [...new Set(dictionary.train.flatMap(({ pronunciations }) => pronunciations.flat()))].sort();
  return { attention, hidden, embedding, layers, dropout, members, letters: [..."'abcdefghijklmnopqrstuvwxyz"], phones };
}

/** Error rates on entries, all together and by the words' length. */
export function measure(speaker: Speaker, entries: readonly Entry[], beam: number): Measured {
  const spoken = speaker.say(
    entries.map(({ word }) => word),
    { beam },
  );
  const ratesOf = (places: readonly number[]) =>
    errorRates(
      places.map((i) => spoken[i]?.phones ?? []),
      places.map((i) => entries[i]?.pronunciations ?? []),
    );
  const all = entries.map((_, i) => i);
  const lengths = [...new Set(entries.map(({ word }) => word.length))].sort((a, b) => a - b);
  const { sequenceErrorRate, tokenErrorRate } = ratesOf(all);
  return {
    wordErrorRate: sequenceErrorRate,
    phoneErrorRate: tokenErrorRate,
    byLength: lengths.map((length) => {
      const { sequences, wrongSequences } = ratesOf(all.filter((i) => entries[i]?.word.length === length));
      return { length, words: sequences, wrong: wrongSequences };
    }),
  };
}

/** Teaches a model as {@link teaching} says, and measures it. `key` tells the runs of a model apart. */
export async function taught(
  model: Model,
  shape: Shape,
  dictionary: Dictionary,
  how: Teaching,
  context: Pick<Context, 'train'>,
  options: { key: number },
): Promise<Taught> {
  const lesson = teaching(model, shape, dictionary, how, { member: options.key, optimizer: optimizerOf(model, how) });
  const points = await context.train({ ...lesson, model });
  const size = [...model.stateDict().values()].reduce((sum, tensor) => sum + tensor.size, 0);
  return { ...measure(new Speaker(shape, [model]), dictionary.test, how.beam), parameters: size, points };
}
