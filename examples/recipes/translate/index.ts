// English to Japanese, word by word: Bahdanau's attention against one vector, by the length of the sentence.
import {
  Adam,
  AttentionSeq2Seq,
  bucketBatches,
  cosineSchedule,
  crossEntropy,
  foldIn,
  type Key,
  key,
  padBatch,
  parameters,
  Seq2Seq,
  scope,
} from 'saccade';
import { bleu } from 'saccade/metrics';
import type { EncoderDecoder } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { alignmentsSvg } from 'saccade/plot';
import { linesSvg } from '../../runner/chart.ts';
import { Nearest } from '../../runner/nearest.ts';
import type { Context, Finished, Point, Recipe } from '../../runner/recipe.ts';
import { type Corpus, corpusFor, type Pair } from './sentences.ts';

type Kind = 'attention' | 'plain' | 'memory';

interface Settings {
  kind: Kind;
  key: number;
}

/** BLEU among sentences of `least` to `most` words. */
interface Lengths {
  least: number;
  most: number;
  bleu: number;
}

interface Outcome {
  /** On the development sentences. */
  bleu: number;
  byLength: Lengths[];
  parameters: number;
  points: Point[];
  /** Some development sentences, and where the model looked. */
  aligned: Aligned[];
}

/** A sentence, what became of it, and the weights of each word of that. */
interface Aligned {
  source: string[];
  target: string[];
  weights: number[][];
}

/** How a model is made and taught. */
interface Teaching {
  hidden: number;
  /** Of the model without attention: as many parameters. */
  plain: number;
  embedding: number;
  dropout: number;
  epochs: number;
  batch: number;
  lr: number;
  warmup: number;
  labelSmoothing: number;
  beam: number;
  every: number;
}

const usual: Teaching = {
  hidden: 256,
  plain: 286,
  embedding: 128,
  dropout: 0.2,
  epochs: 6,
  batch: 64,
  lr: 2e-3,
  warmup: 300,
  labelSmoothing: 0.1,
  beam: 4,
  every: 1000,
};
const small: Teaching = {
  ...usual,
  hidden: 32,
  plain: 36,
  embedding: 16,
  dropout: 0,
  epochs: 4,
  batch: 32,
  lr: 1e-2,
  warmup: 20,
  every: 1e9,
};

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

type Translator = EncoderDecoder;

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
      weights: (best?.trace ?? []).map((row) => Array.from(row)),
    }),
  );
}

/** What the closest English sentence of the training part was translated to: a translation memory. */
function remembered({ train }: Corpus, pairs: readonly Pair[]): string[][] {
  const memory = new Nearest<string, string[]>();
  for (const { source, target } of train) memory.set(source, target);
  return pairs.map(({ source }) => memory.get(source) ?? []);
}

function scored(translate: (pairs: readonly Pair[]) => string[][], { dev, held }: Corpus): Pick<Outcome, 'bleu' | 'byLength'> {
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

async function learn(settings: Settings, corpus: Corpus, context: Context): Promise<Outcome> {
  const how = context.quick ? small : usual;
  const sizes = { source: corpus.source.size, target: corpus.target.size, embedding: how.embedding, dropout: how.dropout };
  const from = foldIn(key(21), settings.key);
  const model: Translator =
    settings.kind === 'attention'
      ? new AttentionSeq2Seq({ ...sizes, hidden: how.hidden }, from)
      : new Seq2Seq({ ...sizes, hidden: how.plain }, from);
  const examples = corpus.train.map(({ source, target }) => ({
    source: corpus.source.encode(source),
    target: [...corpus.target.encode(target), corpus.target.index('<eos>')],
  }));
  const lengths = examples.map(({ source, target }) => [source.length, target.length]);
  const steps = how.epochs * Math.ceil(examples.length / how.batch);
  const sample = corpus.dev.slice(0, 200);
  function* batches(_epoch: number, order: Key) {
    for (const indices of bucketBatches(lengths, { batchSize: how.batch, key: order, bucketWidth: 2 })) {
      const some = indices.flatMap((i) => examples[i] ?? []);
      yield { source: padBatch(some.map((one) => one.source)).tokens, target: padBatch(some.map((one) => one.target)).tokens };
    }
  }
  const points = await context.train({
    model,
    optimizer: new Adam(parameters(model), { lr: how.lr }),
    key: foldIn(key(22), settings.key),
    batches,
    loss: ({ source, target }, { key: step }) =>
      crossEntropy(model.forward(source, target, { key: step }), target, { ignoreIndex: 0, labelSmoothing: how.labelSmoothing }),
    steps,
    schedule: cosineSchedule(how.lr, { steps, warmup: how.warmup }),
    clip: 1,
    evaluate: () => 100 * bleu(translated(model, corpus, sample, 1), sample.map(({ target }) => [target])).bleu, // biome-ignore format: one line
    every: how.every,
    goal: 'max',
  });
  const scores = scored((pairs) => translated(model, corpus, pairs, how.beam), corpus);
  return {
    ...scores,
    parameters: parameterCount(model),
    points,
    aligned: settings.kind === 'attention' ? aligned(model, corpus, how.beam) : [],
  };
}

const titles: Record<Kind, string> = { attention: 'additive attention', plain: 'no attention', memory: 'closest training sentence' };
const kinds = Object.keys(titles) as Kind[];
const runsOf = (finished: readonly Finished<Settings, Outcome>[], kind: Kind) =>
  finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome);
const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** BLEU of the first and of the last lengths. */
const ends = (runs: readonly Outcome[], at: 0 | -1) => runs.flatMap(({ byLength }) => byLength.at(at)?.bleu ?? []);

export const translate: Recipe<Settings, Outcome> = {
  name: 'translate',
  shows: 'English to Japanese by words: BLEU-4 on 500 development sentences, and by length on 3,000 held out of the training part.',
  papers: ['Bahdanau, Cho and Bengio 2015, figure 2'],
  data: {
    folder: 'en-ja',
    files: ['train.en', 'train.ja', 'dev.en', 'dev.ja'],
    source: 'github.com/odashi/small_parallel_enja',
  },
  jobs: ({ keys }) => [
    ...Array.from({ length: keys }, (_, key) =>
      (['attention', 'plain'] as const).map((kind) => ({ name: `${kind}-${key}`, settings: { kind, key } })),
    ).flat(),
    { name: 'memory', settings: { kind: 'memory', key: 0 } },
  ],
  async job(settings, context) {
    const corpus = corpusFor(context);
    if (settings.kind !== 'memory') return learn(settings, corpus, context);
    return { ...scored((pairs) => remembered(corpus, pairs), corpus), parameters: 0, points: [], aligned: [] };
  },
  rows: (finished) => {
    const memory = runsOf(finished, 'memory');
    return (['attention', 'plain'] as const).flatMap((kind) => {
      const runs = runsOf(finished, kind);
      const baseline = (values: number[]) => (values.length > 0 ? { baseline: `${average(values).toFixed(2)}, ${titles.memory}` } : {});
      const paper = kind === 'attention' ? '26.75, RNNsearch-50, English to French' : '17.82, RNNencdec-50, English to French';
      const size = `${((runs[0]?.parameters ?? 0) / 1e6).toFixed(2)} M parameters`;
      return [
        {
          figure: `BLEU-4, ${titles[kind]}, ${size}`,
          ours: runs.map((run) => run.bleu),
          paper,
          ...baseline(memory.map((run) => run.bleu)),
        },
        ...([0, -1] as const).flatMap((at) => {
          const { least, most } = runs[0]?.byLength.at(at) ?? { least: 0, most: 0 };
          const ours = ends(runs, at);
          return { figure: `BLEU-4, sentences of ${least} to ${most} words, ${titles[kind]}`, ours, ...baseline(ends(memory, at)) };
        }),
      ];
    });
  },
  pictures: async (finished) => ({
    alignment: alignmentsSvg(
      (runsOf(finished, 'attention')[0]?.aligned ?? []).map(({ source, target, weights }) => ({ weights, rows: target, columns: source })),
    ),
    'by-length': await linesSvg(
      kinds.map((kind) => {
        const runs = runsOf(finished, kind);
        const points = (runs[0]?.byLength ?? []).map(({ least, most }, i): [number, number] => [
          (least + Math.min(most, 14)) / 2,
          average(runs.map(({ byLength }) => byLength[i]?.bleu ?? 0)),
        ]);
        return { name: titles[kind], points };
      }),
      { x: 'words in the English sentence', y: 'BLEU-4' },
    ),
    loss: await linesSvg(
      (['attention', 'plain'] as const).map((kind) => ({
        name: titles[kind],
        points: (runsOf(finished, kind)[0]?.points ?? []).map(({ step, loss }): [number, number] => [step, loss]),
      })),
      { x: 'step', y: 'loss' },
    ),
  }),
};
