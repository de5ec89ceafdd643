// The model of `@saccade/pronounce`: letters to phones with stress, small enough to be sent to a page, measured with the bytes that are sent.
import { writeFile } from 'node:fs/promises';
import { fromInt8, loadTensors, saveTensors, toInt8 } from 'saccade/io';
import { parameterCount } from 'saccade/nn';
import type { Context, Finished, Point, Recipe, Row } from '../../runner/recipe.ts';
import { cmudict, type Dictionary, type Entry, unstressed } from '../../shared/pronunciation/cmudict.ts';
import { member, type Shape, Speaker } from '../../shared/pronunciation/speaker.ts';
import { optimizerOf, quick, type Teaching, teaching } from '../../shared/pronunciation/teaching.ts';
import { baselines, learningSvg, lengthsSvg, MEMORY, type Measured, measure, remembered, shapeFor, shortened } from '../../shared/pronunciation/words.ts'; // biome-ignore format: one line

type Kind = 'speaker' | typeof MEMORY;

/** Error rates on the test part: of phones with the stress of their vowels, and of phones alone. */
export interface Rates {
  stressed: Measured;
  bare: Measured;
}

/** What is told of the model: as it was trained, and as its file has it. */
export interface Outcome extends Rates {
  points: Point[];
  parameters: number;
  /** Of the weights in eight bits, and the size of their file. */
  small?: Rates & { bytes: number };
}

/** Half an hour of one core. */
const usual: Teaching = { ...quick, hidden: 160, epochs: 12, batch: 64, lr: 3e-3, warmup: 300 };
const tiny: Teaching = { ...usual, hidden: 48, embedding: 24, epochs: 3, batch: 32, warmup: 50, lr: 8e-3 };

/** The name of the file of weights beside the job's checkpoint. */
export const SMALL = 'speaker-int8';

const bareOf = ({ word, pronunciations }: Entry): Entry => ({ word, pronunciations: pronunciations.map(unstressed) });

function ratesOf(said: readonly string[][], entries: readonly Entry[]): Rates {
  return { stressed: measure(said, entries), bare: measure(said.map(unstressed), entries.map(bareOf)) };
}

function measured(speaker: Speaker, { test }: Dictionary, beam: number): Rates {
  const said = speaker.say(test.map(({ word }) => word), { beam, minLength: 1 }); // biome-ignore format: one line
  return ratesOf(said.map(({ phones }) => phones), test); // biome-ignore format: one line
}

/** A model's file: its weights in eight bits, and what it takes to build it. */
function fileOf(speaker: Speaker, { letters, phones, hidden, embedding }: Shape): Uint8Array {
  const [model] = speaker.members;
  if (!model) throw new Error('pronounce: speaker must have a model, got none');
  const metadata = { license: 'MIT; trained on CMUdict, see NOTICE', shape: JSON.stringify({ letters, phones, hidden, embedding }) };
  return saveTensors(toInt8(model.stateDict()), { metadata });
}

/** The speaker of such a file. */
export function speakerOfFile(bytes: Uint8Array): Speaker {
  const file = loadTensors(bytes);
  const shape: Shape = { ...usual, ...JSON.parse(file.metadata.shape ?? '') };
  const model = member(shape, 0);
  model.loadStateDict(fromInt8(file));
  return new Speaker(shape, [model]);
}

async function learn(dictionary: Dictionary, how: Teaching, context: Context): Promise<Outcome> {
  const shape = shapeFor(dictionary, how);
  const model = member(shape, 0);
  const lesson = teaching(model, shape, dictionary, how, { member: 0, optimizer: optimizerOf(model, how) });
  const points = await context.train({ ...lesson, model });
  const speaker = new Speaker(shape, [model]);
  const exact = measured(speaker, dictionary, how.beam);
  const bytes = fileOf(speaker, shape);
  await writeFile(context.fileOf(SMALL), bytes);
  model.loadStateDict(fromInt8(loadTensors(bytes)));
  const small = { ...measured(speaker, dictionary, how.beam), bytes: bytes.length };
  return { ...exact, small, points, parameters: parameterCount(model) };
}

/** Every word as the closest word of the training part. */
function recalled(dictionary: Dictionary): Outcome {
  const bare = (entries: readonly Entry[]) => entries.map(bareOf);
  const { train, dev, test } = dictionary;
  const without = { ...dictionary, train: bare(train), dev: bare(dev), test: bare(test) };
  return { stressed: remembered(dictionary), bare: remembered(without), points: [], parameters: 0 };
}

const kinds = { stressed: 'with stress', bare: 'without stress' } as const;

function rowsOf(finished: readonly Finished<{ kind: Kind }, Outcome>[], kind: keyof Rates): Row[] {
  const outcome = finished.find(({ name }) => name === 'speaker')?.outcome;
  if (!outcome?.small) return [];
  const { word, phone } = baselines(finished.map((one) => ({ ...one, outcome: one.outcome[kind] })));
  const percent = (of: keyof Pick<Measured, 'wordErrorRate' | 'phoneErrorRate'>, rates: Rates) => [100 * rates[kind][of]];
  const size = `${Math.round(outcome.small.bytes / 1000).toLocaleString('en')} KB of weights in eight bits`;
  const rows: Row[] = [
    { figure: `word error rate ${kinds[kind]}, ${size}`, ours: percent('wordErrorRate', outcome.small), ...word },
    { figure: `phone error rate ${kinds[kind]}, the same`, ours: percent('phoneErrorRate', outcome.small), ...phone },
    { figure: `word error rate ${kinds[kind]}, the same weights in float32`, ours: percent('wordErrorRate', outcome) },
    { figure: `phone error rate ${kinds[kind]}, the same in float32`, ours: percent('phoneErrorRate', outcome) },
  ];
  return rows.map((row) => ({ ...row, unit: '%' }));
}

export const pronounceStress: Recipe<{ kind: Kind }, Outcome> = {
  name: 'pronounce-stress',
  asked: 'pronounce --model stress',
  shows:
    'The model of `@saccade/pronounce`: phones with stress of words of npm `cmu-pronouncing-dictionary` that were held out, a twentieth of them, on which no setting was chosen.',
  papers: ['Bahdanau, Cho and Bengio 2015'],
  jobs: () => (['speaker', MEMORY] as const).map((name) => ({ name, settings: { kind: name } })),
  async job({ kind }, context) {
    const whole = await cmudict({ stress: true });
    const dictionary = context.quick ? shortened(whole) : whole;
    return kind === MEMORY ? recalled(dictionary) : learn(dictionary, context.quick ? tiny : usual, context);
  },
  rows: (finished) => (Object.keys(kinds) as (keyof Rates)[]).flatMap((kind) => rowsOf(finished, kind)),
  pictures: async (finished) => {
    const outcome = finished.find(({ name }) => name === 'speaker')?.outcome;
    if (!outcome?.small) return {};
    const { small, points } = outcome;
    const models = (Object.keys(kinds) as (keyof Rates)[]).map((kind) => ({ title: kinds[kind], runs: [small[kind]] }));
    return { 'by-length': await lengthsSvg(models), learning: await learningSvg([{ title: kinds.stressed, points }]) };
  },
};
