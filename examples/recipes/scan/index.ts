// Commands to actions: what a Transformer makes of new sentences, longer ones, and a word it knows alone; with two kinds of positions.
import { bucketBatches, crossEntropy, foldIn, infer, type Key, key, padBatch, split, Vocabulary } from 'saccade';
import { CombinedWindow, causal, RelativePositions } from 'saccade/attention';
import { Seq2SeqTransformer } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { trapezoidSchedule } from 'saccade/train';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Finished, Point, Recipe, Row } from '../../runner/recipe.ts';
import { muonOptimizer, type Rates } from '../../shared/muon.ts';
import { type Command, need, type Split, type SplitName, splitFor, wordsOf } from './commands.ts';

type Places = 'sinusoidal' | 'rotary' | 'relative';

interface Settings {
  split: SplitName;
  /** How the model knows places. */
  places: Places;
  key: number;
}

interface Outcome {
  /** Percent of the test commands whose actions are all right. */
  right: number;
  parameters: number;
  points: Point[];
}

interface Teaching extends Rates {
  size: number;
  heads: number;
  layers: number;
  dropout: number;
  steps: number;
  batch: number;
  warmup: number;
  /** The share of the steps over which the rates fall to 0. */
  fall: number;
  /** Commands that are measured, from the first on. */
  measured: number;
}

const usual: Teaching = {
  ...{ size: 128, heads: 8, layers: 2, dropout: 0, steps: 2500, batch: 64, measured: Infinity },
  ...{ muon: 0.02, decay: 0.01, lr: 3e-3, warmup: 50, fall: 0.6 },
};
const small: Teaching = { ...usual, size: 32, heads: 4, steps: 300, batch: 32, measured: 200 };

/** Commands of up to five actions, for quick runs. */
function shortened({ train, test }: Split): Split {
  const short = (all: readonly Command[]) => all.filter(({ actions }) => actions.length <= 5);
  return { train: short(train), test: short(test) };
}

const SPECIALS = ['<pad>', '<bos>', '<eos>'];

/** Numbers for the words of commands and for actions. */
function vocabulariesOf({ train, test }: Split): { words: Vocabulary; actions: Vocabulary } {
  const all = [...train, ...test];
  const of = (lists: readonly string[][]) => new Vocabulary(wordsOf(lists), { specials: SPECIALS });
  return { words: of(all.map(({ command }) => command)), actions: of(all.map(({ actions }) => actions)) };
}

/** Percent of commands that are followed to the letter, greedily. */
function followed(model: Seq2SeqTransformer, commands: readonly Command[], { words, actions }: ReturnType<typeof vocabulariesOf>): number {
  const order = [...commands].sort((a, b) => a.command.length - b.command.length);
  let right = 0;
  for (let at = 0; at < order.length; at += 128) {
    const some = order.slice(at, at + 128);
    const { tokens } = infer(() => model.translate(padBatch(some.map(({ command }) => words.encode(command))).tokens, { maxLength: 60 }));
    right += some.filter((one, i) => actions.decode(tokens[i] ?? []).join(' ') === one.actions.join(' ')).length;
  }
  return (100 * right) / commands.length;
}

/** Waves that are added, queries and keys that turn, or learned vectors of distances up to 16 (Shaw et al. 2018), the same for all layers. */
function placesOf(places: Places, width: number, from: Key) {
  if (places !== 'relative') return { positions: places };
  const [forEncoder, forDecoder] = split(from);
  const distances = (own: Key) => new RelativePositions({ size: width, reach: 16 }, own);
  const back = new CombinedWindow(causal, distances(forDecoder));
  return { positions: 'none' as const, encoder: { window: distances(forEncoder) }, decoder: { window: back } };
}

async function learnt({ split: name, places: kind, key: run }: Settings, context: Context): Promise<Outcome> {
  const how = context.quick ? small : usual;
  const whole = splitFor(name, context);
  const { train, test } = context.quick ? shortened(whole) : whole;
  const vocabularies = vocabulariesOf(whole);
  const { words, actions } = vocabularies;
  const { size, heads, layers, dropout, steps, batch, muon, warmup, fall } = how;
  const sizes = { source: words.size, target: actions.size, size, heads, layers, dropout, length: 64 };
  const [forModel, forPlaces] = split(foldIn(key(62), run));
  const model = new Seq2SeqTransformer({ ...sizes, ...placesOf(kind, size / heads, forPlaces), normFirst: true }, forModel);
  const examples = train.map((one) => ({
    source: words.encode(one.command),
    target: [...actions.encode(one.actions), words.index('<eos>')],
  }));
  const lengths = examples.map(({ source, target }) => [source.length, target.length]);
  function* batches(_epoch: number, order: Key) {
    for (const indices of bucketBatches(lengths, { batchSize: batch, key: order, bucketWidth: 4 })) {
      const some = indices.flatMap((i) => examples[i] ?? []);
      yield { source: padBatch(some.map(({ source }) => source)).tokens, target: padBatch(some.map(({ target }) => target)).tokens };
    }
  }
  const points = await context.train({
    model,
    optimizer: muonOptimizer(model, how),
    key: foldIn(key(63), run),
    batches,
    loss: ({ source, target }, { key: step }) => crossEntropy(model.forward(source, target, { key: step }), target, { ignoreIndex: 0 }),
    steps,
    schedule: trapezoidSchedule(muon, { steps, warmup, fall }),
    clip: 1,
  });
  return { right: followed(model, test.slice(0, how.measured), vocabularies), parameters: parameterCount(model), points };
}

const splits: readonly SplitName[] = ['simple', 'length', 'jump'];
const places: readonly Places[] = ['sinusoidal', 'rotary', 'relative'];

const titles: Record<SplitName, string> = { simple: 'simple split', length: 'longer actions', jump: 'jump, learnt alone' };

/** Of LSTMs with the best settings for each split (Lake and Baroni 2018, §4). */
const papers: Record<SplitName, string> = { simple: '99.8, LSTM', length: '20.8, GRU with attention', jump: '1.2, GRU with attention' };

function rowOf(finished: readonly Finished<Settings, Outcome>[], split: SplitName, kind: Places): Row {
  const runs = finished.filter(({ settings }) => settings.split === split && settings.places === kind).map(({ outcome }) => outcome);
  return {
    figure: `commands followed, ${titles[split]}, ${kind} positions, ${Math.round((runs[0]?.parameters ?? 0) / 1e3)} k parameters`,
    ours: runs.map(({ right }) => right),
    unit: '%',
    ...(split === 'simple' && { target: { atLeast: 99.5 } }),
    paper: papers[split],
  };
}

export const scan: Recipe<Settings, Outcome> = {
  name: 'scan',
  shows:
    'Commands to actions by a Transformer, on commands that were not learnt: drawn at random, with more actions, or with a verb that was learnt alone; positions absolute, turned and relative.',
  papers: ['Lake and Baroni 2018', 'Vaswani et al. 2017', 'Shaw et al. 2018', 'Su et al. 2021'],
  data: need,
  jobs: ({ keys }) =>
    splits.flatMap((split) =>
      places.flatMap((kind) =>
        Array.from({ length: keys }, (_, key) => ({ name: `${split}-${kind}-${key}`, settings: { split, places: kind, key } })),
      ),
    ),
  job: learnt,
  rows: (finished) => splits.flatMap((split) => places.map((kind) => rowOf(finished, split, kind))),
  pictures: async (finished) => ({
    loss: await linesSvg(
      finished
        .filter(({ settings }) => settings.key === 0)
        .map(({ settings, outcome }) => ({
          name: `${settings.split}, ${settings.places}`,
          points: outcome.points.map(({ step, loss }): [number, number] => [step, loss]),
        })),
      { x: 'step', y: 'loss', log: true },
    ),
  }),
};
