// Shared parts of the recipes on symbols: a task is learned on short sequences and tested on sequences twice as long.
import {
  Adam,
  AttentionSeq2Seq,
  type AttentionSizes,
  bahdanau,
  cosineSchedule,
  crossEntropy,
  foldIn,
  type Key,
  key,
  type Mechanism,
  padBatch,
  parameters,
  type Tensor,
} from 'saccade';
import { type EncoderDecoder, ItemsSeq2Seq } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import type { SequenceProblem, SequenceSizes } from 'saccade/tasks';
import { linesSvg } from '../runner/chart.ts';
import type { Context, Point, Recipe, Row } from '../runner/recipe.ts';

/** What is attended to, the items themselves or an LSTM's vectors of them, and with which mechanism. */
type Variant = 'location-aware' | 'additive' | 'location-aware over an LSTM';

interface Settings {
  variant: Variant;
  key: number;
}

interface Outcome {
  parameters: number;
  curve: Point[];
  /** Shares of problems solved without an error, by length. */
  exact: [length: number, share: number][];
}

interface Teaching {
  hidden: number;
  symbols: number;
  /** The longest sequence in training; the shortest has one symbol. */
  longest: number;
  batch: number;
  steps: number;
  lr: number;
}

/** A task to learn. */
export interface Task {
  name: string;
  shows: string;
  problems: (from: Key, sizes: SequenceSizes) => SequenceProblem[];
  distinct: boolean;
  symbols: number;
  /** What suits the task. */
  attention: (sizes: AttentionSizes, from: Key) => Mechanism;
}

type Model = EncoderDecoder;

const usual: Omit<Teaching, 'symbols'> = { hidden: 64, longest: 10, batch: 64, steps: 3000, lr: 3e-3 };
const small = { ...usual, hidden: 32, longest: 8, batch: 32, steps: 600, lr: 1e-2 };
const LENGTHS = [0.5, 1, 1.5, 2, 3];

function made({ attention }: Task, { hidden, symbols }: Teaching, { variant, key: index }: Settings): Model {
  const options = { source: symbols + 3, target: symbols + 3, hidden };
  const from = foldIn(key(1), index);
  const model = {
    'location-aware': () => new ItemsSeq2Seq({ ...options, attention }, from),
    additive: () => new ItemsSeq2Seq({ ...options, attention: bahdanau }, from),
    'location-aware over an LSTM': () => new AttentionSeq2Seq({ ...options, attention }, from),
  }[variant]();
  return model;
}

/** Share of problems of one length that are solved exactly. */
function exactShare(model: Model, { problems, distinct }: Task, { symbols }: Teaching, length: number, count: number): number {
  let right = 0;
  for (let at = 0; at < count; at += 250) {
    const sizes = { count: Math.min(250, count - at), symbols, minLength: length, maxLength: length, distinct };
    const some = problems(foldIn(foldIn(key(77), length), at), sizes);
    const { tokens } = model.translate(padBatch(some.map(({ source }) => source)).tokens, { maxLength: length + 5 });
    right += some.filter(({ target }, i) => [...(tokens[i] ?? []), 2].join() === target.join()).length;
  }
  return right / count;
}

function taught(model: Model, task: Task, teaching: Teaching, context: Pick<Context, 'train'>, from: Key): Promise<Point[]> {
  const { symbols, longest, batch, steps, lr } = teaching;
  function* batches(_epoch: number, own: Key): Generator<{ source: Tensor; target: Tensor }> {
    for (let i = 0; i < 100; i++) {
      const sizes = { count: batch, symbols, minLength: 1, maxLength: longest, distinct: task.distinct };
      const some = task.problems(foldIn(own, i), sizes);
      const padded = (lists: number[][]) => padBatch(lists).tokens;
      yield { source: padded(some.map(({ source }) => source)), target: padded(some.map(({ target }) => target)) };
    }
  }
  return context.train({
    model,
    optimizer: new Adam(parameters(model), { lr }),
    key: from,
    batches,
    loss: ({ source, target }, { key: own }) => crossEntropy(model.forward(source, target, { key: own }), target, { ignoreIndex: 0 }),
    steps,
    schedule: cosineSchedule(lr, { steps, warmup: Math.min(100, steps - 1) }),
    clip: 1,
    evaluate: () => exactShare(model, task, teaching, 2 * longest, 200),
    every: Math.ceil(steps / 10),
  });
}

function rowsFor(variant: Variant, outcomes: readonly Outcome[]): Row[] {
  return [1, 3].map((place) => ({
    figure: `exact, ${outcomes[0]?.exact[place]?.[0]} symbols (${place === 1 ? 'as in training' : 'twice as long'}), ${variant}`,
    ours: outcomes.map(({ exact }) => 100 * (exact[place]?.[1] ?? 0)),
    unit: '%',
    digits: 1,
    ...(variant === 'location-aware' && place === 3 ? { target: { atLeast: 99 } } : {}),
  }));
}

const variantsIn = (finished: readonly { settings: Settings }[]) => [...new Set(finished.map(({ settings }) => settings.variant))];

/** The recipe of a task: attention over items, additive attention over items, and over an LSTM's vectors, at several lengths. */
export function sequenceRecipe(task: Task): Recipe<Settings, Outcome> {
  const teachingFor = (quick: boolean): Teaching => ({ ...(quick ? small : usual), symbols: task.symbols });
  return {
    name: task.name,
    shows: task.shows,
    papers: ['Chorowski et al. 2015'],
    keys: 3,
    jobs: ({ keys, quick }) =>
      Array.from({ length: keys }, (_, index) =>
        (quick ? (['location-aware'] as const) : (['location-aware', 'additive', 'location-aware over an LSTM'] as const)).map(
          (variant) => ({
            name: `${variant.replaceAll(/\W+/g, '-')}-${index}`,
            settings: { variant, key: index },
          }),
        ),
      ).flat(),
    async job(settings, context) {
      const teaching = teachingFor(context.quick);
      const model = made(task, teaching, settings);
      const curve = await taught(model, task, teaching, context, foldIn(key(2), settings.key));
      const lengths = LENGTHS.map((times) => Math.floor(times * teaching.longest));
      return {
        parameters: parameterCount(model),
        curve,
        exact: lengths.map((length) => [length, exactShare(model, task, teaching, length, context.quick ? 200 : 1000)]),
      };
    },
    rows: (finished) =>
      variantsIn(finished).flatMap((variant) =>
        rowsFor(
          variant,
          finished.filter(({ settings }) => settings.variant === variant).map(({ outcome }) => outcome),
        ),
      ),
    pictures: async (finished) => {
      const lines = variantsIn(finished).map((variant) => {
        const first = finished.find(({ settings }) => settings.variant === variant)?.outcome;
        return { name: variant, points: (first?.exact ?? []).map(([length, share]) => [length, 100 * share] as const) };
      });
      return { 'by-length': await linesSvg(lines, { x: 'symbols', y: 'exact, %', title: task.name }) };
    },
  };
}
