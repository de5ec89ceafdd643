// How a translator is trained and measured.
import { bucketBatches, crossEntropy, foldIn, type Key, key, padBatch, scope } from 'saccade';
import { bleu } from 'saccade/metrics';
import type { EncoderDecoder } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { alignmentsSvg } from 'saccade/plot';
import type { AnyOptimizer, Schedule } from 'saccade/train';
import { linesSvg } from '../../runner/chart.ts';
import { Nearest } from '../../runner/nearest.ts';
import type { Context, Point } from '../../runner/recipe.ts';
import { meanOverHeads } from '../../shared/pronunciation/speaker.ts';
import type { Corpus, Pair } from './sentences.ts';

/** BLEU over sentences of `least` to `most` words. */
export interface Lengths {
  least: number;
  most: number;
  bleu: number;
}

export interface Outcome {
  /** On the development sentences. */
  bleu: number;
  byLength: Lengths[];
  parameters: number;
  points: Point[];
  /** Some development sentences, with the model's attention. */
  aligned: Aligned[];
}

/** A sentence, its translation, and the weights of each word. */
export interface Aligned {
  source: string[];
  target: string[];
  weights: number[][];
}

/** Bounds of the sentences' lengths, in words of the source. */
const BINS: readonly (readonly [number, number])[] = [
  [4, 5],
  [6, 6],
  [7, 7],
  [8, 8],
  [9, 9],
  [10, 10],
  [11, 11],
  [12, 16],
];

/** Any model that reads a sentence and writes another. */
export type Translator = EncoderDecoder;

function translated(model: Translator, corpus: Corpus, pairs: readonly Pair[], beam: number): string[][] {
  const results: string[][] = pairs.map(() => []);
  const order = pairs.map((_, i) => i).sort((i, j) => (pairs[i]?.source.length ?? 0) - (pairs[j]?.source.length ?? 0));
  for (let at = 0; at < order.length; at += 64) {
    const some = order.slice(at, at + 64);
    const { tokens } = scope(() => {
      const source = padBatch(some.map((i) => corpus.source.encode(pairs[i]?.source ?? []))).tokens;
      const { tokens } = model.translate(source, { beam, maxLength: 40 });
      return { tokens };
    });
    for (const [n, i] of some.entries()) results[i] = corpus.target.decode(tokens[n] ?? []);
  }
  return results;
}

/** The first development sentences of 7 words with their alignments. */
function aligned(model: Translator, { dev, source, target }: Corpus, beam: number): Aligned[] {
  const pairs = dev.filter((pair) => pair.source.length === 7).slice(0, 4);
  return scope(() => model.translate(padBatch(pairs.map((pair) => source.encode(pair.source))).tokens, { beam }).hypotheses).map(
    ([best], i) => ({
      source: pairs[i]?.source ?? [],
      target: target.decode(best?.tokens ?? []),
      weights: (best?.trace ?? []).map((row) => meanOverHeads(row, 7)),
    }),
  );
}

/** The translation of the closest English sentence of the training part: a translation memory. */
export function remembered({ train }: Corpus, pairs: readonly Pair[]): string[][] {
  const memory = new Nearest<string, string[]>();
  for (const { source, target } of train) memory.set(source, target);
  return pairs.map(({ source }) => memory.get(source) ?? []);
}

export function scored(translate: (pairs: readonly Pair[]) => string[][], { dev, held }: Corpus): Pick<Outcome, 'bleu' | 'byLength'> {
  const score = (ours: string[][], pairs: readonly Pair[]) => 100 * bleu(ours, pairs.map(({ target }) => [target])).bleu; // biome-ignore format: one line
  const ours = translate(held);
  return {
    bleu: score(translate(dev), dev),
    byLength: BINS.flatMap(([least, most]) => {
      const places = held.flatMap(({ source }, i) => (source.length >= least && source.length <= most ? [i] : []));
      const pairs = places.flatMap((i) => held[i] ?? []);
      return pairs.length >= 20 ? [{ least, most, bleu: score(places.map((i) => ours[i] ?? []), pairs) }] : []; // biome-ignore format: one line
    }),
  };
}

/** A translator and its training. */
export interface Lesson {
  model: Translator;
  optimizer: AnyOptimizer;
  schedule: (steps: number) => Schedule;
  epochs: number;
  batch: number;
  labelSmoothing: number;
  beam: number;
  /** Steps between evaluations. */
  every: number;
  /** Separates the runs of a model. */
  run: number;
}

/** Trains with the cross entropy of the true words under teacher forcing, and measures. */
export async function learnt(lesson: Lesson, corpus: Corpus, context: Pick<Context, 'train'>): Promise<Outcome> {
  const { model, optimizer, batch, labelSmoothing, beam, every, run } = lesson;
  const examples = corpus.train.map(({ source, target }) => ({
    source: corpus.source.encode(source),
    target: [...corpus.target.encode(target), corpus.target.index('<eos>')],
  }));
  const lengths = examples.map(({ source, target }) => [source.length, target.length]);
  const steps = lesson.epochs * Math.ceil(examples.length / batch);
  const sample = corpus.dev.slice(0, 200);
  function* batches(_epoch: number, order: Key) {
    for (const indices of bucketBatches(lengths, { batchSize: batch, key: order, bucketWidth: 2 })) {
      const some = indices.flatMap((i) => examples[i] ?? []);
      yield { source: padBatch(some.map((one) => one.source)).tokens, target: padBatch(some.map((one) => one.target)).tokens };
    }
  }
  const points = await context.train({
    model,
    optimizer,
    key: foldIn(key(22), run),
    batches,
    loss: ({ source, target }, { key: step }) =>
      crossEntropy(model.forward(source, target, { key: step }), target, { ignoreIndex: 0, labelSmoothing }),
    steps,
    schedule: lesson.schedule(steps),
    clip: 1,
    evaluate: () => 100 * bleu(translated(model, corpus, sample, 1), sample.map(({ target }) => [target])).bleu, // biome-ignore format: one line
    every,
    goal: 'max',
  });
  const scores = scored((pairs) => translated(model, corpus, pairs, beam), corpus);
  return { ...scores, parameters: parameterCount(model), points, aligned: aligned(model, corpus, beam) };
}

/** The mean of some numbers. */
export const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** BLEU of the shortest and of the longest sentences. */
export const ends = (runs: readonly Outcome[], at: 0 | -1) => runs.flatMap(({ byLength }) => byLength.at(at)?.bleu ?? []);

/** The alignments of a run, and for models by their titles BLEU by length and losses. */
export async function picturesOf(models: readonly { title: string; runs: readonly Outcome[] }[], alignments: readonly Aligned[]) {
  const taught = models.filter(({ runs }) => (runs[0]?.points.length ?? 0) > 0);
  return {
    alignment: alignmentsSvg(alignments.map(({ source, target, weights }) => ({ weights, rows: target, columns: source }))),
    'by-length': await linesSvg(
      models.map(({ title, runs }) => {
        const points = (runs[0]?.byLength ?? []).map(({ least, most }, i): [number, number] => [
          (least + Math.min(most, 14)) / 2,
          average(runs.map(({ byLength }) => byLength[i]?.bleu ?? 0)),
        ]);
        return { name: title, points };
      }),
      { x: 'words in the English sentence', y: 'BLEU-4' },
    ),
    loss: await linesSvg(
      taught.map(({ title, runs }) => ({
        name: title,
        points: (runs[0]?.points ?? []).map(({ step, loss }): [number, number] => [step, loss]),
      })),
      { x: 'step', y: 'loss' },
    ),
  };
}
