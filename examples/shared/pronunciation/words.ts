// Shared parts of the recipes on pronunciation: their words, how models are measured on them, and the training itself.
import { dirname } from 'node:path';
import { errorRates, type Tensor } from 'saccade';
import { parameterCount } from 'saccade/nn';
import { alignmentsSvg } from 'saccade/plot';
import { linesSvg } from '../../runner/chart.ts';
import { dataPath } from '../../runner/context.ts';
import { Nearest } from '../../runner/nearest.ts';
import type { Context, DataNeed, Finished, Point, Training } from '../../runner/recipe.ts';
import { type Dictionary, dictionaryOf, type Entry } from './dictionary.ts';
import { type Model, type Shape, Speaker, type Spoken } from './speaker.ts';
import { optimizerOf, type Teaching, teaching } from './teaching.ts';

/** Words of one length, and how many of them were wrong. */
export interface Length {
  length: number;
  words: number;
  wrong: number;
}

/** The results of a model on held-out words. */
export interface Measured {
  wordErrorRate: number;
  phoneErrorRate: number;
  byLength: Length[];
}

/** A batch of words and their phones, int32 `[B, S]` and `[B, T]`. */
export interface Words {
  source: Tensor;
  target: Tensor;
}

/** A trained model. */
export interface Taught extends Measured {
  parameters: number;
  points: Point[];
  /** Some held-out words as the model pronounces them, with its attention. */
  spoken: Spoken[];
}

export const need: DataNeed = {
  folder: 'g2p',
  files: ['g014b2b.train'],
  source: 'github.com/steveash/jg2p; without it: npm cmu-pronouncing-dictionary, whose figures are not the papers’',
  optional: true,
};

/** The folder of g014b2b below `--data`, if given. */
export const dataOf = (data: string | undefined): string | undefined =>
  data === undefined ? undefined : dirname(dataPath('g014b2b.train', data, need));

/** The dictionary; in quick runs some of its short words, which are learned in seconds. */
export async function dictionaryFor(context: Pick<Context, 'quick' | 'hasData' | 'path'>): Promise<Dictionary> {
  const whole = await dictionaryOf(context.hasData ? dirname(context.path('g014b2b.train')) : undefined);
  return context.quick ? shortened(whole) : whole;
}

/** Some short words of a dictionary, which are learned in seconds. */
export function shortened(whole: Dictionary): Dictionary {
  const short = (entries: Entry[], most: number) => entries.filter(({ word }) => word.length <= 5).slice(0, most);
  return { ...whole, train: short(whole.train, 4000), dev: short(whole.dev, 400), test: short(whole.test, 400) };
}

/** A shape with the alphabets of a dictionary. */
export function shapeFor(dictionary: Dictionary, { attention, hidden, embedding, layers, dropout, members }: Teaching): Shape {
  const phones = [...new Set(dictionary.train.flatMap(({ pronunciations }) => pronunciations.flat()))].sort();
  return { attention, hidden, embedding, layers, dropout, members, letters: [..."'abcdefghijklmnopqrstuvwxyz"], phones };
}

/** Error rates over all entries, in total and by the words' length. */
export function measure(said: readonly string[][], entries: readonly Entry[]): Measured {
  const ratesOf = (places: readonly number[]) =>
    errorRates(
      places.map((i) => said[i] ?? []),
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

/**
 * Trains a model as in {@link teaching} and measures it. `key` separates the runs of a model. `lesson` replaces parts of the usual lesson;
 * `measured`, a model of the same parameters, replaces the trained one for the measurement.
 */
export async function taught(
  model: Model,
  shape: Shape,
  dictionary: Dictionary,
  how: Teaching,
  context: Pick<Context, 'train'>,
  options: { key: number; lesson?: Partial<Pick<Training<Words>, 'loss' | 'numbers' | 'optimizer' | 'schedule'>>; measured?: Model },
): Promise<Taught> {
  const usual = teaching(model, shape, dictionary, how, { member: options.key, optimizer: optimizerOf(model, how) });
  const every = Math.min(usual.every ?? 500, Math.ceil(usual.steps / 6));
  const points = await context.train({ ...usual, ...options.lesson, every, model });
  options.measured?.loadStateDict(model.stateDict());
  const speaker = new Speaker(shape, [options.measured ?? model]);
  const { beam } = how;
  const words = dictionary.test.map(({ word }) => word);
  const said = speaker.say(words, { beam }).map(({ phones }) => phones);
  return { ...measure(said, dictionary.test), parameters: parameterCount(model), points, spoken: speaker.say(shown(dictionary), { beam }) };
}

/** Percent of wrong words by length, over all runs, without lengths of fewer than 30 words, where one word is several percent. */
function errorsByLength(runs: readonly Measured[]): [number, number][] {
  const sums = new Map<number, [number, number]>();
  for (const { byLength } of runs) {
    for (const { length, words, wrong } of byLength) {
      const [allWords, allWrong] = sums.get(length) ?? [0, 0];
      sums.set(length, [allWords + words, allWrong + wrong]);
    }
  }
  return [...sums].flatMap(([length, [words, wrong]]) => (words >= 30 ? [[length, (100 * wrong) / words] as [number, number]] : []));
}

/** The job of a recipe that trains nothing. */
export const MEMORY = 'memory';

/** The result of pronouncing every word as the closest word of the training part. */
export function remembered({ train, test }: Dictionary): Taught {
  const memory = new Nearest<string, string[]>();
  for (const { word, pronunciations } of train) memory.set(word, pronunciations[0] ?? []);
  const said = test.map(({ word }) => memory.get([...word]) ?? []);
  return { ...measure(said, test), parameters: 0, points: [], spoken: [] };
}

/** That result as a row's baseline, by figure. */
export function baselines(finished: readonly Finished<unknown, Partial<Measured>>[]): {
  word?: { baseline: string };
  phone?: { baseline: string };
} {
  const memory = finished.find(({ name }) => name === MEMORY)?.outcome;
  if (memory?.wordErrorRate === undefined || memory.phoneErrorRate === undefined) return {};
  const told = (rate: number) => ({ baseline: `${(100 * rate).toFixed(2)} %, the closest word` });
  return { word: told(memory.wordErrorRate), phone: told(memory.phoneErrorRate) };
}

/** Words whose letters and sounds differ; of each dictionary at least three are held out. */
const TELLING = ['weakness', 'sequences', 'headlights', 'midnight', 'attentions', 'foresight'];

/** The held-out words in the pictures. */
function shown({ test }: Dictionary): string[] {
  const held = new Set(test.map(({ word }) => word));
  return [...TELLING.filter((word) => held.has(word)), ...held].slice(0, 3);
}

/** The same word through each of several models: heatmaps, for models with weights. Titles are short, since the pictures are narrow. */
export function wordSvg(models: readonly { title: string; spoken: readonly Spoken[] }[], word: number, columns: number): string {
  const panels = models.flatMap(({ title, spoken }) => {
    const { word: letters = '', phones = [], weights = null } = spoken[word] ?? {};
    return weights ? [{ title, weights, rows: phones, columns: [...letters] }] : [];
  });
  return alignmentsSvg(panels, { columns: Math.max(1, Math.min(columns, panels.length)) });
}

/** A model with its title and its runs. A logarithmic axis separates curves that lie close together. */
type Learnt = { title: string; points: readonly Point[] };

/** Losses of several models during training. */
export function lossSvg(models: readonly Learnt[], { log = false } = {}): Promise<string> {
  return linesSvg(
    models.map(({ title, points }) => ({ name: title, points: points.map(({ step, loss }): [number, number] => [step, loss]) })),
    { x: 'step', y: 'loss', log },
  );
}

/** Phone error rates of several models on development words during training. */
export function learningSvg(models: readonly Learnt[], { log = false } = {}): Promise<string> {
  return linesSvg(
    models.map(({ title, points }) => ({
      name: title,
      points: points.flatMap(({ step, metric }): [number, number][] => (metric === undefined ? [] : [[step, 100 * metric]])),
    })),
    { x: 'step', y: 'phone error rate on 400 words, %', log },
  );
}

/** Word error rates of several models by the length of the word. */
export function lengthsSvg(models: readonly { title: string; runs: readonly Measured[] }[]): Promise<string> {
  return linesSvg(
    models.map(({ title, runs }) => ({ name: title, points: errorsByLength(runs) })),
    { x: 'letters in the word', y: 'word error rate, %' },
  );
}
