// The tasks of the Neural Turing Machine: one runner for all of them, beside LSTMs that see as many sequences, or as many as a lesson says.
import {
  Adam,
  binaryCrossEntropyWithLogits,
  foldIn,
  type Key,
  key,
  Linear,
  LSTM,
  Module,
  noGrad,
  parameters,
  scope,
  slice,
  split,
  type Tensor,
} from 'saccade';
import { NeuralTuringMachine, type NeuralTuringMachineOptions } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { sigmoid } from 'saccade/ops';
import { memorySvg } from 'saccade/plot';
import type { MemoryProblems, NgramProblems } from 'saccade/tasks';
import { type Curriculum, curriculumAfter, curriculumLevel, RMSProp, Snapshot, trapezoidSchedule } from 'saccade/train';
import { linesSvg } from '../runner/chart.ts';
import type { Context, Finished, Point, Recipe, Row } from '../runner/recipe.ts';
import { type MachineStart, startedMachine } from './machine-start.ts';

interface Settings {
  model: 'machine' | 'LSTM';
  key: number;
}

/** What one length is tested with. */
export interface Trial {
  name: string;
  /** Sequences, in batches of `batch`. */
  count: number;
  batch: number;
  problems: (from: Key, batch: number) => MemoryProblems | NgramProblems;
}

/** Per sequence: bits of loss, and those of the best possible predictions where they are not 0; and the share of wrong bits. */
export interface Score {
  name: string;
  bits: number;
  wrong: number;
  optimum: number;
}

/** How the LSTMs did in a trial, and what they are. */
export type Rival = Score & { net: string };

/** How a network is taught. */
export interface Lesson {
  optimizer: 'RMSProp' | 'Adam';
  lr: number;
  batch: number;
  /** Updates. */
  steps: number;
  /** Updates between two looks at the development sequences; the best weights are kept. */
  every: number;
  /** Largest norm of a gradient. */
  clip: number;
  /** Share of the updates, the last ones, in which the rate falls to 0. Default 0.3. */
  fall?: number;
  /** What the optimiser adds to the root of the squares. Default 1e-8. */
  epsilon?: number;
  /** Levels of training problems, and below how many bits of loss per bit of the answer the next one begins; the last is the task. Default: it alone. */
  levels?: { most: number; below: number };
  /** Sequences that the LSTMs see, where as many would take them an hour. Default: as many. */
  rival?: number;
}

/** A task: its sequences, and how it is learnt. */
export interface MemoryTask {
  name: string;
  shows: string;
  /** Sizes of the machine; the other sizes are its defaults. */
  machine: NeuralTuringMachineOptions;
  /** How it starts, if not as a machine does by itself. */
  start?: MachineStart;
  /** Sequences of a training batch, all of one length that the key decides; of that level at most: Infinity without levels. */
  problems: (from: Key, batch: number, level: number) => MemoryProblems | NgramProblems;
  /** What is reported. */
  trials: readonly Trial[];
  /** How many of them, from the first, the best weights are chosen by, on other sequences. */
  deciding: number;
  lesson: Lesson;
  /** The table: the scores of each key, and how the LSTMs did in a trial. */
  rows: (scores: readonly (readonly Score[])[], rival: (trial: string) => Rival | undefined) => Row[];
}

export interface MachineOutcome {
  parameters: number;
  curve: Point[];
  /** The level that it came to, of a lesson that has them. */
  level?: number;
  /** Sequences that it was taught with. */
  sequences: number;
  scores: Score[];
  /** Of one sequence: what it was shown and said, [T, I] and [T, O], and where its heads were, [T, N] each. */
  seen?: { inputs: number[][]; outputs: number[][]; reads: number[][][]; writes: number[][][] };
}

/** Three LSTMs of 256 (Graves et al. 2014, §4: the network beside theirs). */
class Layers extends Module {
  readonly lstm: LSTM;
  readonly output: Linear;

  constructor({ input, output }: NeuralTuringMachineOptions, hidden: number, from: Key) {
    super();
    const [forLstm, forOutput] = split(from);
    this.lstm = new LSTM({ input, hidden, layers: 3 }, forLstm);
    this.output = new Linear({ input: hidden, output }, forOutput);
  }

  forward(inputs: Tensor): { output: Tensor } {
    return { output: this.output.forward(this.lstm.forward(inputs).output) };
  }
}

type Network = Module & { forward(inputs: Tensor): { output: Tensor } };

/** Logits of the answers: of the last steps. */
function answersOf(network: Network, { inputs, targets }: MemoryProblems): Tensor {
  const { output } = network.forward(inputs);
  return slice(output, 1, (output.shape[1] as number) - (targets.shape[1] as number));
}

/** Mean cross-entropy of the answers' bits, in nats. */
const lossOf = (network: Network, problems: MemoryProblems) => binaryCrossEntropyWithLogits(answersOf(network, problems), problems.targets);

/** Means over all sequences of a trial. */
function scored(network: Network, { name, count, batch, problems }: Trial, from: Key): Score {
  let [bits, wrong, optimum, all] = [0, 0, 0, 0];
  for (let at = 0; at < count; at += batch) {
    scope(() =>
      noGrad(() => {
        const some = problems(foldIn(from, at), batch);
        const logits = answersOf(network, some);
        const right = some.targets.toArray();
        const said = Array.from(logits.toArray());
        bits += (binaryCrossEntropyWithLogits(logits, some.targets).item() * right.length) / Math.LN2;
        wrong += said.reduce((sum, x, i) => sum + (Number(x > 0) === right[i] ? 0 : 1), 0);
        optimum += 'optimum' in some ? some.optimum.reduce((a, b) => a + b, 0) : 0;
        all += right.length;
      }),
    );
  }
  const sequences = Math.ceil(count / batch) * batch;
  return { name, bits: bits / sequences, wrong: (100 * wrong) / all, optimum: optimum / sequences };
}

async function taught(network: Network, task: MemoryTask, lesson: Lesson, context: Pick<Context, 'train'>, from: Key) {
  const { optimizer: kind, lr, batch, steps, every, clip, epsilon = 1e-8, fall = 0.3, levels } = lesson;
  const own = parameters(network);
  const optimizer = kind === 'Adam' ? new Adam(own, { lr, epsilon }) : new RMSProp(own, { lr, alpha: 0.95, momentum: 0.9, epsilon });
  let state: Curriculum = { level: 1, error: 1, since: 0 };
  const best = new Snapshot(network);
  const curve = await context.train<Key>({
    model: network,
    optimizer,
    key: from,
    *batches(_epoch, order) {
      for (let i = 0; i < 1000; i++) yield foldIn(order, i);
    },
    loss: (draw) => {
      if (!levels || state.level === levels.most) return lossOf(network, task.problems(draw, batch, Infinity));
      const { most, below } = levels;
      const level = curriculumLevel(foldIn(draw, 1), state, most);
      const loss = lossOf(network, task.problems(draw, batch, level));
      state = curriculumAfter(state, level, loss.item() / Math.LN2, { most, threshold: below, patience: 50, decay: 0.9 });
      return loss;
    },
    steps,
    schedule: trapezoidSchedule(lr, { steps, fall }),
    clip,
    evaluate: () =>
      task.trials
        .slice(0, task.deciding)
        .map((trial) => scored(network, { ...trial, count: Math.min(trial.count, 32) }, key(55)))
        .reduce((sum, { bits }) => sum + bits, 0),
    every,
    keepBest: best,
    numbers: {
      save: () => ({ ...state }),
      load: ({ level = 1, error = 1, since = 0 }) => {
        state = { level, error, since };
      },
    },
  });
  best.restore();
  return { curve, ...(levels && { level: state.level }) };
}

/** What a trained machine does on one sequence. */
function watched(machine: NeuralTuringMachine, { problems }: Trial): NonNullable<MachineOutcome['seen']> {
  return scope(() =>
    noGrad(() => {
      const { inputs } = problems(key(77), 1);
      const { output, readWeights, writeWeights } = machine.forward(inputs);
      const rows = (x: Tensor) => {
        const [, steps = 0, ...rest] = x.shape;
        const width = rest.reduce((a, b) => a * b, 1);
        const values = x.toArray();
        return Array.from({ length: steps }, (_, t) =>
          Array.from(values.subarray(t * width, (t + 1) * width), (v) => Number(v.toFixed(3))),
        );
      };
      const heads = (x: Tensor) => Array.from({ length: x.shape[2] as number }, (_, h) => rows(slice(x, 2, h, h + 1)));
      return { inputs: rows(inputs), outputs: rows(sigmoid(output)), reads: heads(readWeights), writes: heads(writeWeights) };
    }),
  );
}

/** As many sequences, or as many as the lesson says, in larger batches, since 1.3 million weights are slow one by one; Adam, its rate not tuned. */
const lessonOfLayers = ({ batch, steps, levels, rival = steps * batch }: Lesson): Lesson => {
  const large = Math.max(16, batch);
  const updates = Math.ceil(rival / large);
  return { optimizer: 'Adam', lr: 1e-3, batch: large, steps: updates, every: Math.ceil(updates / 10), clip: 1, ...(levels && { levels }) };
};

/** The trial of a name among the scores of each key. */
export const scoresOf = (scores: readonly (readonly Score[])[], name: string): Score[] =>
  scores.flatMap((all) => all.filter((score) => score.name === name));

/** The small task of a quick run. */
export type Small = Pick<MemoryTask, 'machine' | 'problems' | 'trials' | 'lesson' | 'deciding'>;

const outcomesOf = (finished: readonly Finished<Settings, MachineOutcome>[], model: Settings['model']) =>
  finished.filter(({ settings }) => settings.model === model).map(({ outcome }) => outcome);

/** The recipe of a task. */
export function memoryRecipe(whole: MemoryTask, small: Small): Recipe<Settings, MachineOutcome> {
  const taskFor = (quick: boolean): MemoryTask => (quick ? { ...whole, ...small } : whole);
  return {
    name: whole.name,
    shows: whole.shows,
    papers: ['Graves, Wayne, Danihelka 2014', 'Collier and Beel 2018'],
    jobs: ({ keys, quick }) => [
      ...Array.from({ length: keys }, (_, i) => ({ name: `machine-${i}`, settings: { model: 'machine' as const, key: i } })),
      ...(quick ? [] : [{ name: 'lstm-0', settings: { model: 'LSTM' as const, key: 0 } }]),
    ],
    async job({ model, key: index }, context) {
      const task = taskFor(context.quick);
      const lesson = model === 'machine' ? task.lesson : lessonOfLayers(task.lesson);
      const from = foldIn(key(1), index);
      const network = model === 'machine' ? startedMachine(task.machine, task.start, from) : new Layers(task.machine, 256, from);
      const learnt = await taught(network, task, lesson, context, foldIn(key(2), index));
      return {
        parameters: parameterCount(network),
        ...learnt,
        sequences: lesson.batch * lesson.steps,
        scores: task.trials.map((trial) => scored(network, trial, key(66))),
        ...(network instanceof NeuralTuringMachine ? { seen: watched(network, task.trials[0] as Trial) } : {}),
      };
    },
    rows(finished, { quick }) {
      const all = outcomesOf(finished, 'machine').map(({ scores }) => scores);
      if (quick) {
        return small.trials.map(({ name }) => ({
          figure: `wrong bits, ${name}`,
          ours: scoresOf(all, name).map(({ wrong }) => wrong),
          unit: '%',
          digits: 1,
        }));
      }
      const seen = whole.lesson.rival ? ` after ${whole.lesson.rival / 1000},000 sequences` : '';
      const rival = (trial: string) => {
        const score = outcomesOf(finished, 'LSTM')[0]?.scores.find(({ name }) => name === trial);
        return score && { ...score, net: `LSTM 3 × 256${seen}` };
      };
      return whole.rows(all, rival);
    },
    pictures: (finished) => pictures(whole.name, finished),
  };
}

/** How the machine and the LSTM learnt, by sequences seen, and where the machine's heads were. */
async function pictures(name: string, finished: readonly Finished<Settings, MachineOutcome>[]) {
  const lines = (['machine', 'LSTM'] as const).flatMap((model) => {
    const [first] = outcomesOf(finished, model);
    const updates = first?.curve.at(-1)?.step ?? 1;
    const points = (first?.curve ?? []).flatMap(({ step, metric }) =>
      metric === undefined ? [] : [[(step * (first?.sequences ?? 0)) / updates / 1000, Math.max(metric, 1e-3)] as const],
    );
    return first ? [{ name: model === 'machine' ? 'Neural Turing Machine' : 'LSTM 3 × 256', points }] : [];
  });
  const seen = outcomesOf(finished, 'machine')[0]?.seen;
  return {
    learning: await linesSvg(lines, { x: 'thousand sequences', y: 'bits on development sequences', title: name, log: true }),
    ...(seen ? { memory: memorySvg(seen, { title: `${name}: where the heads were` }) } : {}),
  };
}
