// Letters to sounds by a Transformer, beside the additive attention of `g2p`, both at their best: in an hour, and at length.
import { foldIn, key } from 'saccade';
import { Seq2SeqTransformer } from 'saccade/models';
import { trapezoidSchedule } from 'saccade/train';
import type { Context, Finished, Recipe, Row } from '../../runner/recipe.ts';
import { muonOptimizer, type Rates } from '../../shared/muon.ts';
import type { Dictionary } from '../../shared/pronunciation/dictionary.ts';
import { Alphabets, member } from '../../shared/pronunciation/speaker.ts';
import { full, stepsOf, type Teaching } from '../../shared/pronunciation/teaching.ts';
import { baselines, dictionaryFor, learningSvg, lengthsSvg, lossSvg, MEMORY, need, remembered, shapeFor, type Taught, taught } from '../../shared/pronunciation/words.ts'; // biome-ignore format: one line

type Kind = 'transformer' | 'additive' | typeof MEMORY;

interface Settings {
  kind: Kind;
  key: number;
}

/** A Transformer and how it is taught; `hidden` of the teaching is its width, `layers` those of the encoder and of the decoder. */
interface Lesson extends Rates {
  heads: number;
  teaching: Teaching;
  /** The share of the steps over which the rates fall to 0. */
  fall: number;
}

/** What a recipe has of the two: the lessons, and what they are to reach. */
interface Budget {
  transformer: Lesson;
  additive: Teaching;
  /** Percent of words, and of phones where that is asked for. */
  targets: Record<'transformer' | 'additive', { word: number; phone?: number }>;
}

const common: Teaching = { ...full, members: 1, labelSmoothing: 0.1 };

/** By the arithmetic, 86 GFLOP a step of 512 words, 2,220 steps. */
const hour: Budget = {
  transformer: {
    teaching: { ...common, hidden: 192, layers: 3, dropout: 0.1, epochs: 10, batch: 512, warmup: 50 },
    ...{ heads: 6, muon: 0.02, decay: 0.01, lr: 3e-3, fall: 0.6 },
  },
  additive: { ...common, epochs: 10, batch: 32, lr: 1.5e-3, dropout: 0.15 },
  targets: { transformer: { word: 23 }, additive: { word: 24 } },
};

const long: Budget = {
  transformer: { ...hour.transformer, heads: 8, teaching: { ...hour.transformer.teaching, hidden: 256, layers: 4, dropout: 0.2, epochs: 30 } },
  additive: { ...common, hidden: 384, layers: 2, epochs: 20, batch: 64, lr: 1.5e-3, dropout: 0.3 },
  targets: { transformer: { word: 20.6, phone: 4.6 }, additive: { word: 21.7 } },
}; // biome-ignore format: as above

const small: Budget = {
  ...hour,
  transformer: { ...hour.transformer, heads: 4, teaching: { ...common, hidden: 48, layers: 1, dropout: 0, epochs: 5, batch: 64, warmup: 20 } },
  additive: { ...hour.additive, hidden: 64, embedding: 32, epochs: 3, warmup: 50, lr: 5e-3, dropout: 0.2 },
}; // biome-ignore format: as above

function transformer(
  { teaching: how, ...lesson }: Lesson,
  index: number,
  dictionary: Dictionary,
  context: Pick<Context, 'train'>,
): Promise<Taught> {
  const shape = shapeFor(dictionary, how);
  const { letters, phones } = new Alphabets(shape);
  const { hidden: size, layers, dropout, warmup } = how;
  const sizes = { source: letters.size, target: phones.size, size, layers, heads: lesson.heads, dropout };
  const modern = { positions: 'rotary', normFirst: true, activation: 'relu2', bias: false, scaleEmbeddings: true } as const;
  const model = new Seq2SeqTransformer({ ...sizes, ...modern, length: 64 }, foldIn(key(71), index));
  const steps = stepsOf(dictionary, how);
  const schedule = trapezoidSchedule(lesson.muon, { steps, warmup: Math.min(warmup, steps - 1), fall: lesson.fall });
  return taught(model, shape, dictionary, how, context, { key: index, lesson: { optimizer: muonOptimizer(model, lesson), schedule } });
}

const titles = { transformer: 'Transformer', additive: 'additive attention' } as const;
const kinds = ['transformer', 'additive'] as const;

const papers = {
  transformer: { word: '20.6, the best published single model', phone: '' },
  additive: { word: '21.69 ± 0.21 (Toshniwal and Livescu 2016, 3 × 512)', phone: '5.04 ± 0.03 (the same)' },
};

const runsOf = (finished: readonly Finished<Settings, Taught>[], kind: Kind) =>
  finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome);

function rowsFor(finished: readonly Finished<Settings, Taught>[], kind: (typeof kinds)[number], { targets }: Budget): Row[] {
  const runs = runsOf(finished, kind);
  const { word, phone } = baselines(finished);
  const target = (atMost: number | undefined) => (atMost === undefined ? {} : { target: { atMost } });
  const paper = (text: string) => (text === '' ? {} : { paper: text });
  const size = `${((runs[0]?.parameters ?? 0) / 1e6).toFixed(2)} M parameters`;
  const ours = (of: (run: Taught) => number) => runs.map((run) => 100 * of(run));
  const rows: Row[] = [
    { figure: `word error rate, ${titles[kind]}, ${size}`, ours: ours((run) => run.wordErrorRate), ...paper(papers[kind].word), ...target(targets[kind].word), ...word },
    { figure: `phone error rate, ${titles[kind]}`, ours: ours((run) => run.phoneErrorRate), ...paper(papers[kind].phone), ...target(targets[kind].phone), ...phone },
  ]; // biome-ignore format: a table
  return rows.map((row) => ({ ...row, unit: '%' }));
}

const WORDS = 'on 2,670 words held out of g014b2b.train, none of which a setting was chosen on';

function recipeOf(model: string, budget: Budget, shows: string): Recipe<Settings, Taught> {
  return {
    name: `g2p-${model}`,
    asked: `g2p --model ${model}`,
    shows: `${shows}, ${WORDS}.`,
    papers: ['Vaswani et al. 2017', 'Toshniwal and Livescu 2016'],
    data: need,
    jobs: ({ keys }) => [
      ...Array.from({ length: keys }, (_, key) => kinds.map((kind) => ({ name: `${kind}-${key}`, settings: { kind, key } }))).flat(),
      { name: MEMORY, settings: { kind: MEMORY, key: 0 } },
    ],
    async job({ kind, key }, context) {
      const dictionary = await dictionaryFor(context);
      if (kind === MEMORY) return remembered(dictionary);
      const { transformer: lesson, additive: how } = context.quick ? small : budget;
      if (kind === 'transformer') return transformer(lesson, key, dictionary, context);
      const shape = shapeFor(dictionary, how);
      return taught(member(shape, key), shape, dictionary, how, context, { key });
    },
    rows: (finished) => kinds.flatMap((kind) => rowsFor(finished, kind, budget)),
    pictures: async (finished) => {
      const models = kinds.map((kind) => ({ title: titles[kind], runs: runsOf(finished, kind) }));
      const first = models.flatMap(({ title, runs: [run] }) => (run ? [{ title, ...run }] : []));
      return { 'by-length': await lengthsSvg(models), loss: await lossSvg(first), learning: await learningSvg(first) };
    },
  };
}

export const g2pTransformer = recipeOf(
  'transformer',
  hour,
  'Letters to sounds in an hour of two cores: a Transformer beside additive attention',
);
export const g2pLong = recipeOf('long', long, 'Letters to sounds at length: a Transformer beside additive attention');
