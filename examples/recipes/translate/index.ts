// English to Japanese, word by word: Bahdanau's attention compared with one vector, by the length of the sentence.
import { Adam, AttentionSeq2Seq, cosineSchedule, foldIn, key, parameters, Seq2Seq } from 'saccade';
import type { Context, DataNeed, Finished, Recipe } from '../../runner/recipe.ts';
import { average, ends, learnt, type Outcome, picturesOf, remembered, scored, type Translator } from './learning.ts';
import { type Corpus, corpusFor } from './sentences.ts';

type Kind = 'attention' | 'plain' | 'memory';

interface Settings {
  kind: Kind;
  key: number;
}

/** Sizes and training of a model. */
interface Teaching {
  hidden: number;
  /** Width of the model without attention, for the same parameter count. */
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

function learn(settings: Settings, corpus: Corpus, context: Context): Promise<Outcome> {
  const how = context.quick ? small : usual;
  const sizes = { source: corpus.source.size, target: corpus.target.size, embedding: how.embedding, dropout: how.dropout };
  const from = foldIn(key(21), settings.key);
  const model: Translator =
    settings.kind === 'attention'
      ? new AttentionSeq2Seq({ ...sizes, hidden: how.hidden }, from)
      : new Seq2Seq({ ...sizes, hidden: how.plain }, from);
  const optimizer = new Adam(parameters(model), { lr: how.lr });
  const schedule = (steps: number) => cosineSchedule(how.lr, { steps, warmup: how.warmup });
  return learnt({ ...how, model, optimizer, schedule, run: settings.key }, corpus, context);
}

const titles: Record<Kind, string> = { attention: 'additive attention', plain: 'no attention', memory: 'closest training sentence' };
const kinds = Object.keys(titles) as Kind[];
const runsOf = (finished: readonly Finished<Settings, Outcome>[], kind: Kind) =>
  finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome);
/** The sentences and their source. */
export const need: DataNeed = {
  folder: 'en-ja',
  files: ['train.en', 'train.ja', 'dev.en', 'dev.ja'],
  source: 'github.com/odashi/small_parallel_enja',
};

export const translate: Recipe<Settings, Outcome> = {
  name: 'translate',
  shows: 'English to Japanese by words: BLEU-4 on 500 development sentences, and by length on 3,000 held out of the training part.',
  papers: ['Bahdanau, Cho and Bengio 2015, figure 2'],
  data: need,
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
  pictures: (finished) =>
    picturesOf(
      kinds.map((kind) => ({ title: titles[kind], runs: runsOf(finished, kind) })),
      runsOf(finished, 'attention')[0]?.aligned ?? [],
    ),
};
