// The models of `npm start` as recipes: with attention and without; and two larger models that decode together.
import { alignmentText, loadCheckpoint, saveCheckpoint } from 'saccade';
import { parameterCount } from 'saccade/nn';
import type { Context, Finished, Job, Point, Recipe, Result, Row } from '../../runner/recipe.ts';
import { oursOf } from '../../runner/tables.ts';
import type { Dictionary } from '../../shared/pronunciation/dictionary.ts';
import { member, type Shape, Speaker, type Spoken, untaught } from '../../shared/pronunciation/speaker.ts';
import { full, optimizerOf, quick, type Teaching, teaching, withoutAttention } from '../../shared/pronunciation/teaching.ts';
import { baselines, dictionaryFor, MEMORY, type Measured, measure, need, remembered, shapeFor } from '../../shared/pronunciation/words.ts';

/** The kinds of speaker; several members are trained independently and decode together. */
export const kinds = {
  attention: quick,
  plain: withoutAttention(quick),
  full,
  'full-plain': withoutAttention(full),
} as const satisfies Record<string, Teaching>;

export type Kind = keyof typeof kinds;

const titles: Record<Kind, string> = {
  attention: 'additive attention',
  plain: 'one vector for the whole word',
  full: 'two larger models with attention, decoding together',
  'full-plain': 'two larger models without attention, decoding together',
};

/** The member to train; without one, the job measures all members of the kind. */
export interface Settings {
  kind: Kind | typeof MEMORY;
  how?: Teaching;
  member?: number;
}

/** The outcome of a job: the curve of a member, or the results of all together. */
export interface Outcome extends Partial<Measured> {
  parameters: number;
  points: Point[];
  spoken: Spoken[];
}

/** The jobs of a kind: one per member, and one for all of them together, whose speaker is kept. */
export function jobsOf(kind: Kind): Job<Settings>[] {
  const how = kinds[kind];
  const members = Array.from(
    { length: how.members },
    (_, i): Job<Settings> => ({ name: `${kind}-${i}`, settings: { kind, how, member: i } }),
  );
  return [...members, { name: kind, settings: { kind, how }, after: members.map(({ name }) => name) }];
}

/** Held-out words whose alignments are shown: long enough to be interesting, whether pronounced right or wrong. */
export function shownWords(dictionary: Dictionary): string[] {
  const wanted = dictionary.test.filter(({ word }) => word.length >= 7 && word.length <= 11);
  const words = wanted.length > 0 ? wanted : dictionary.test;
  return [0.11, 0.23, 0.37, 0.53, 0.67, 0.83].flatMap((place) => words[Math.floor(place * words.length)]?.word ?? []);
}

/** A word on one line, with the alignment of its phones below. */
export function readingOf({ word, phones, weights }: Spoken, options: { color?: boolean } = {}): string {
  const line = `${word} → ${phones.join(' ')}`;
  return weights && weights.length > 0 ? `${line}\n${alignmentText(weights, { rows: phones, columns: [...word], ...options })}` : line;
}

/** A quick run: seconds, on short words. */
const small = (how: Teaching): Teaching => ({ ...how, hidden: how.attention ? 48 : 56, embedding: 24, epochs: 3, warmup: 50, lr: 8e-3 });

const metadataOf = (shape: Shape, how: Teaching) => ({ shape: JSON.stringify(shape), recipe: JSON.stringify(how) });

async function learn(index: number, how: Teaching, dictionary: Dictionary, context: Pick<Context, 'train'>): Promise<Outcome> {
  const shape = shapeFor(dictionary, how);
  const model = member(shape, index);
  const speaker = new Speaker(shape, [model]);
  const [word = ''] = shownWords(dictionary);
  const points = await context.train({
    ...teaching(model, shape, dictionary, how, { member: index, optimizer: optimizerOf(model, how) }),
    model,
    metadata: metadataOf(shape, how),
    show: () => speaker.say([word]).map((spoken) => readingOf(spoken)).join(), // biome-ignore format: one line
  });
  return { parameters: parameterCount(model), points, spoken: [] };
}

/** The members of a kind as one speaker, saved in the place of the job's own training. */
async function together(kind: Kind, how: Teaching, dictionary: Dictionary, context: Context): Promise<Outcome> {
  const shape = shapeFor(dictionary, how);
  const speaker = untaught(shape);
  for (const [i, one] of speaker.members.entries()) one.loadStateDict((await loadCheckpoint(context.fileOf(`${kind}-${i}`))).model);
  await saveCheckpoint(context.fileOf(kind), { model: speaker, metadata: metadataOf(shape, how) });
  const { beam } = how;
  const said = speaker.say(
    dictionary.test.map(({ word }) => word),
    { beam },
  );
  const measured = measure(
    said.map(({ phones }) => phones),
    dictionary.test,
  );
  return { ...measured, parameters: parameterCount(speaker), points: [], spoken: speaker.say(shownWords(dictionary), { beam }) };
}

function rowsOf(kind: Kind, finished: readonly Finished<Settings, Outcome>[]): Row[] {
  const outcome = finished.find(({ name }) => name === kind)?.outcome;
  if (outcome?.wordErrorRate === undefined || outcome.phoneErrorRate === undefined) return [];
  const { word, phone } = baselines(finished);
  const title = `${titles[kind]}, ${outcome.parameters.toLocaleString('en')} parameters`;
  return [
    { figure: `word error rate, ${title}`, ours: [100 * outcome.wordErrorRate], unit: '%', ...word },
    { figure: `phone error rate, ${title}`, ours: [100 * outcome.phoneErrorRate], unit: '%', ...phone },
  ];
}

/** What each kind is in the README: the command that trains it, and the model. */
const told: Partial<Record<Kind, readonly [command: string, model: string]>> = {
  attention: ['`npm start`', 'bidirectional LSTM, additive attention (Bahdanau et al. 2015)'],
  plain: ['`npm start -- --no-attention`', 'no attention; one vector for the word, widened to equal parameter count'],
  full: ['`npm start -- --full`', 'two larger models that decode together'],
};

/** The rows of the README's table, of the kinds that a result has. */
function commands({ rows }: Pick<Result, 'rows'>): Record<string, string>[] {
  return (Object.keys(told) as Kind[]).flatMap((kind) => {
    const [word, phone] = ['word', 'phone'].map((what) =>
      rows.find(({ figure }) => figure.startsWith(`${what} error rate, ${titles[kind]},`)),
    );
    if (!word || !phone || !told[kind]) return [];
    const [command, model] = told[kind];
    const parameters = /([\d,]+) parameters$/.exec(word.figure)?.[1] ?? '';
    return [{ command, model, parameters, 'phone error rate': oursOf(phone), 'word error rate': `**${oursOf(word)}**` }];
  });
}

export const pronounce: Recipe<Settings, Outcome> = {
  name: 'pronounce',
  shows: 'What `npm start` learns: words of the CMU Pronouncing Dictionary that were held out, with attention and without.',
  papers: ['Bahdanau, Cho and Bengio 2015', 'Sutskever, Vinyals and Le 2014'],
  data: need,
  jobs: () => [...jobsOf('attention'), ...jobsOf('plain'), { name: MEMORY, settings: { kind: MEMORY } }],
  async job({ kind, how, member }, context) {
    const dictionary = await dictionaryFor(context);
    if (kind === MEMORY || !how) return remembered(dictionary);
    const taught = context.quick ? small(how) : how;
    return member === undefined ? together(kind, taught, dictionary, context) : learn(member, taught, dictionary, context);
  },
  rows: (finished) => (Object.keys(kinds) as Kind[]).flatMap((kind) => rowsOf(kind, finished)),
  commands,
};

export const pronounceFull: Recipe<Settings, Outcome> = {
  ...pronounce,
  name: 'pronounce-full',
  asked: 'pronounce --model full',
  shows: 'What `npm start -- --full` learns: words of the CMU Pronouncing Dictionary that were held out, by two larger models.',
  jobs: () => jobsOf('full'),
};
