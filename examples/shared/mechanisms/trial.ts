// Trains and measures one mechanism in the decoder that all of them share.
import { AttentionSeq2Seq, foldIn, key } from 'saccade';
import type { Context, Finished, Job } from '../../runner/recipe.ts';
import { Alphabets } from '../pronunciation/speaker.ts';
import { quick, stepsOf, type Teaching } from '../pronunciation/teaching.ts';
import { dictionaryFor, MEMORY, remembered, shapeFor, type Taught, taught } from '../pronunciation/words.ts';
import { others, type Variant, variants } from './mechanisms.ts';

/** Which mechanism, and which of the keys. */
export interface Trial {
  variant: string;
  key: number;
}

/** A quick run: seconds, on short words. */
export const small: Teaching = { ...quick, hidden: 48, embedding: 24, epochs: 3, batch: 32, warmup: 50, lr: 8e-3, dropout: 0 };

/** A run over all words: half a minute on one core. */
export const brief: Teaching = { ...quick, hidden: 64, embedding: 32, epochs: 1, batch: 128, lr: 8e-3 };

/** One job per mechanism and key. */
export const trials = (mechanisms: readonly Variant[], keys: number): Job<Trial>[] =>
  mechanisms.flatMap(({ name }) =>
    Array.from({ length: keys }, (_, key) => ({ name: `${name}-${key}`, settings: { variant: name, key } })),
  );

/** The baseline. */
export const untaught: Job<Trial> = { name: MEMORY, settings: { variant: MEMORY, key: 0 } };

/** The runs of a mechanism. */
export const runsOf = (finished: readonly Finished<Trial, Taught>[], { name }: Pick<Variant, 'name'>): Taught[] =>
  finished.filter(({ settings }) => settings.variant === name).map(({ outcome }) => outcome);

/** Trains and measures one mechanism. */
export async function tried({ variant: name, key: run }: Trial, how: Teaching, context: Context): Promise<Taught> {
  const dictionary = await dictionaryFor(context);
  if (name === MEMORY) return remembered(dictionary);
  const variant = [...variants, ...others].find((one) => one.name === name) as Variant;
  const shape = shapeFor(dictionary, how);
  const { letters, phones } = new Alphabets(shape);
  const { hidden, embedding, layers, dropout } = shape;
  const { lesson, decoding, ...parts } = variant.build();
  // In all of them the source vectors are as wide as the decoder, since the dot score needs that.
  const sizes = { source: letters.size, target: phones.size, hidden, embedding, layers, dropout, project: hidden };
  const from = foldIn(key(51), run);
  const model = new AttentionSeq2Seq({ ...sizes, ...parts }, from);
  const measured = decoding && new AttentionSeq2Seq({ ...sizes, ...parts, attention: decoding }, from);
  const own = lesson?.(model, { labelSmoothing: how.labelSmoothing, steps: stepsOf(dictionary, how) });
  return taught(model, shape, dictionary, how, context, { key: run, ...(own && { lesson: own }), ...(measured && { measured }) });
}
