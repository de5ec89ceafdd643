// English to Japanese by a Transformer.
import { foldIn, key } from 'saccade';
import { Seq2SeqTransformer } from 'saccade/models';
import { trapezoidSchedule } from 'saccade/train';
import type { Finished, Recipe, Row } from '../../runner/recipe.ts';
import { muonOptimizer, type Rates } from '../../shared/muon.ts';
import { need } from './index.ts';
import { average, ends, learnt, type Outcome, picturesOf, remembered, scored } from './learning.ts';
import { corpusFor } from './sentences.ts';

type Kind = 'transformer' | 'memory';

interface Settings {
  kind: Kind;
  key: number;
}

/** A model and how it is taught. */
interface Teaching extends Rates {
  size: number;
  heads: number;
  layers: number;
  dropout: number;
  epochs: number;
  batch: number;
  warmup: number;
  fall: number;
  labelSmoothing: number;
  beam: number;
  every: number;
}

const usual: Teaching = {
  ...{ size: 256, heads: 8, layers: 3, dropout: 0.2, labelSmoothing: 0.1, beam: 4 },
  ...{ epochs: 15, batch: 256, warmup: 100, fall: 0.7, muon: 0.02, decay: 0.01, lr: 2e-3, every: 300 },
};
const small: Teaching = { ...usual, size: 32, heads: 4, layers: 1, dropout: 0, epochs: 6, batch: 32, warmup: 20, lr: 1e-2, every: 1e9 };

const titles: Record<Kind, string> = { transformer: 'Transformer', memory: 'closest training sentence' };

const runsOf = (finished: readonly Finished<Settings, Outcome>[], kind: Kind) =>
  finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome);

function rowsFor(runs: readonly Outcome[], memory: readonly Outcome[]): Row[] {
  const baseline = (values: number[]) => (values.length > 0 ? { baseline: `${average(values).toFixed(2)}, ${titles.memory}` } : {});
  const size = `${((runs[0]?.parameters ?? 0) / 1e6).toFixed(2)} M parameters`;
  const [short, long] = [ends(runs, 0), ends(runs, -1)];
  const named = (at: 0 | -1) => {
    const { least, most } = runs[0]?.byLength.at(at) ?? { least: 0, most: 0 };
    return `BLEU-4, sentences of ${least} to ${most} words`;
  };
  return [
    {
      figure: `BLEU-4, Transformer, ${size}`,
      ours: runs.map(({ bleu }) => bleu),
      target: { atLeast: 33 },
      ...baseline(memory.map(({ bleu }) => bleu)),
    },
    { figure: named(0), ours: short, ...baseline(ends(memory, 0)) },
    { figure: named(-1), ours: long, ...baseline(ends(memory, -1)) },
    {
      figure: 'the longest sentences’ BLEU-4 in the shortest ones’',
      ours: long.map((bleu, i) => (100 * bleu) / (short[i] ?? Number.NaN)),
      digits: 0,
      unit: '%',
      target: { atLeast: 85 },
    },
  ];
}

export const translateTransformer: Recipe<Settings, Outcome> = {
  name: 'translate-transformer',
  asked: 'translate --model transformer',
  shows:
    'English to Japanese by words and a Transformer: BLEU-4 on 500 development sentences, and by length on 3,000 held out of the training part; no setting was chosen on either.',
  papers: ['Vaswani et al. 2017', 'Jordan et al. 2024'],
  data: need,
  jobs: ({ keys }) => [
    ...Array.from({ length: keys }, (_, key) => ({ name: `transformer-${key}`, settings: { kind: 'transformer' as const, key } })),
    { name: 'memory', settings: { kind: 'memory', key: 0 } },
  ],
  async job({ kind, key: run }, context) {
    const corpus = corpusFor(context);
    if (kind === 'memory') return { ...scored((pairs) => remembered(corpus, pairs), corpus), parameters: 0, points: [], aligned: [] };
    const how = context.quick ? small : usual;
    const { size, heads, layers, dropout, warmup, fall, muon } = how;
    const sizes = { source: corpus.source.size, target: corpus.target.size, size, heads, layers, dropout, length: 64 };
    const modern = { positions: 'rotary', normFirst: true, activation: 'relu2', bias: false } as const;
    const model = new Seq2SeqTransformer({ ...sizes, ...modern }, foldIn(key(23), run));
    const schedule = (steps: number) => trapezoidSchedule(muon, { steps, warmup, fall });
    return learnt({ ...how, model, optimizer: muonOptimizer(model, how), schedule, run }, corpus, context);
  },
  rows: (finished) => rowsFor(runsOf(finished, 'transformer'), runsOf(finished, 'memory')),
  pictures: (finished) =>
    picturesOf(
      (['transformer', 'memory'] as const).map((kind) => ({ title: titles[kind], runs: runsOf(finished, kind) })),
      runsOf(finished, 'transformer')[0]?.aligned ?? [],
    ),
};
