// Tapes whose heads are moved by draws: trained by REINFORCE with a recurrent baseline, a curriculum of lengths, and several keys.
import { Adam, foldIn, type Key, key, Module, noGrad, parameters, scope, split, type Tensor } from 'saccade';
import { TapeMachine, type TapeMachineOptions, type TapeRun } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { add, argmax, mul, neg, sum } from 'saccade/ops';
import { type TapePanel, tapesSvg } from 'saccade/plot';
import { type TapeTask, tapeProblems, tapeSigns } from 'saccade/tasks';
import {
  baselineLoss,
  type Curriculum,
  curriculumAfter,
  curriculumLevel,
  RecurrentBaseline,
  reinforceLoss,
  rewardToGo,
} from 'saccade/train';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Finished, Point, Recipe, Row } from '../../runner/recipe.ts';

interface Settings {
  task: TapeTask;
  key: number;
}

interface Outcome {
  parameters: number;
  curve: Point[];
  level: number;
  /** Share of tapes that are written exactly, the likeliest move taken each time, by length. */
  exact: { length: number; percent: number }[];
  /** How it went about one tape. */
  seen: TapePanel;
}

interface Lesson {
  machine: Omit<TapeMachineOptions, 'symbols'>;
  symbols: number;
  batch: number;
  updates: number;
  longest: number;
  lr: number;
  /** Steps of a run on tapes of so many signs. */
  steps: (input: number, target: number) => number;
}

const lesson: Lesson = {
  machine: {},
  symbols: 10,
  batch: 100,
  updates: 2500,
  longest: 20,
  lr: 3e-3,
  steps: (input, target) => input + target,
};
const forward = (input: number) => input + 2;
// By the authors' logs a head that cannot turn back reverses 3 signs after 1,500 updates and 11 after 10,000; ten signs several times take 2,000.
const lessons: Record<TapeTask, Lesson> = {
  copy: { ...lesson, steps: forward },
  duplicatedInput: { ...lesson, steps: forward },
  reverse: { ...lesson, machine: { back: true }, updates: 10_000 },
  repeatCopy: { ...lesson, machine: { back: true }, updates: 6000, longest: 10 },
  forwardReverse: { ...lesson, machine: { cells: 30, reach: 1 }, updates: 12_000, longest: 10 },
};
const quickLesson: Lesson = { ...lessons.copy, symbols: 4, batch: 50, updates: 250, longest: 3, lr: 1e-2 };

/** A machine with the network that expects its gains. */
class Learner extends Module {
  readonly machine: TapeMachine;
  readonly baseline: RecurrentBaseline;

  constructor({ machine, symbols }: Lesson, from: Key) {
    super();
    const [forMachine, forBaseline] = split(from);
    this.machine = new TapeMachine({ symbols: tapeSigns(symbols), ...machine }, forMachine);
    this.baseline = new RecurrentBaseline({ input: this.machine.lstm.input + 2, hidden: 32 }, forBaseline);
  }
}

/** Both tapes of a batch of one length. */
const tapesOf = (task: TapeTask, { symbols }: Lesson, from: Key, batch: number, length: number) =>
  tapeProblems(from, { task, batch, length, symbols });

/** What is learnt: signs by their log-probabilities, moves by REINFORCE, the baseline by its squared error. */
function lossOf({ baseline }: Learner, { gains, logProbability, seen }: TapeRun): Tensor {
  const batch = gains.shape[0] as number;
  const toGo = rewardToGo(gains, { discount: 1 });
  const expected = baseline.forward(seen);
  const moves = reinforceLoss(sum(logProbability, { axis: 2 }), toGo, { baseline: expected });
  return add(add(mul(neg(sum(gains)), 1 / batch), moves), baselineLoss(expected, toGo));
}

/** Share of wrong signs among those written. */
function wrongShare({ gains, written, output }: TapeRun, target: Tensor): number {
  const [said, wrote] = [argmax(output, { axis: -1 }).toArray(), written.toArray()];
  const signs = target.toArray();
  const [batch = 0, steps = 0] = gains.shape;
  const length = target.shape[1] as number;
  let wrong = batch * length;
  for (let b = 0; b < batch; b++) {
    for (let t = 0, at = 0; t < steps; t++) {
      if (wrote[b * steps + t] && at < length) wrong -= said[b * steps + t] === signs[b * length + at++] ? 1 : 0;
    }
  }
  return wrong / (batch * length);
}

/**
 * Share of tapes that are written exactly, each head going where it most likely goes. As in the paper the output head is kept within the answer, so that a
 * machine need not learn when to end.
 */
function exactShare(machine: TapeMachine, task: TapeTask, own: Lesson, from: Key, length: number, count: number): number {
  return scope(() =>
    noGrad(() => {
      const { input, target } = tapesOf(task, own, from, count, length);
      const [given, wanted] = [input.shape[1] as number, target.shape[1] as number];
      const { written, output } = machine.run(input, { targets: target, steps: own.steps(given, wanted) });
      const [said, wrote, right] = [argmax(output, { axis: -1 }).toArray(), written.toArray(), target.toArray()];
      const steps = written.shape[1] as number;
      let exact = 0;
      for (let b = 0; b < count; b++) {
        const signs = Array.from(said.subarray(b * steps, (b + 1) * steps)).filter((_, t) => wrote[b * steps + t]);
        exact += Number(signs.every((sign, i) => sign === right[b * wanted + i]));
      }
      return exact / count;
    }),
  );
}

/** A sign of a tape as text: symbols as letters, and `2×`, `3×`. */
const textOf =
  (symbols: number) =>
  (sign: number): string =>
    ['·', 'end'][sign] ?? (sign < 2 + symbols ? String.fromCharCode(95 + sign) : `${sign - symbols}×`);

/** What the heads do on one tape. */
function watched(machine: TapeMachine, task: TapeTask, own: Lesson): TapePanel {
  return scope(() =>
    noGrad(() => {
      const { input, target } = tapesOf(task, own, key(77), 1, task === 'duplicatedInput' ? 4 : 6);
      const steps = own.steps(input.shape[1] as number, target.shape[1] as number);
      const { written, output, places } = machine.run(input, { targets: target, steps });
      const [wrote, said, stood] = [written.toArray(), argmax(output, { axis: -1 }).toArray(), places.toArray()];
      const heads = places.shape[2] as number;
      const letter = textOf(own.symbols);
      const head = (h: number) => Array.from({ length: steps }, (_, t) => stood[t * heads + h] as number);
      return {
        input: Array.from(input.toArray(), letter),
        places: head(0),
        written: Array.from(said, (sign, t) => (wrote[t] ? letter(sign) : null)),
        target: Array.from(target.toArray(), letter),
        ...(machine.cells > 0 && { memory: { cells: machine.cells, places: head(1) } }),
      };
    }),
  );
}

async function taught(learner: Learner, task: TapeTask, own: Lesson, context: Pick<Context, 'train'>, from: Key) {
  let curriculum: Curriculum = { level: 1, error: 1, since: 0 };
  const { batch, updates, longest, lr, steps } = own;
  const curve = await context.train<Key>({
    model: learner,
    optimizer: new Adam(parameters(learner), { lr }),
    key: from,
    *batches(_epoch, order) {
      for (let i = 0; i < 1000; i++) yield foldIn(order, i);
    },
    loss: (draw) => {
      const [forLevel, forTapes, forMoves] = split(draw, 3);
      const level = curriculumLevel(forLevel, curriculum, longest);
      const { input, target } = tapesOf(task, own, forTapes, batch, level);
      const run = learner.machine.run(input, {
        targets: target,
        steps: steps(input.shape[1] as number, target.shape[1] as number),
        key: forMoves,
      });
      curriculum = curriculumAfter(curriculum, level, wrongShare(run, target), { most: longest, patience: 20 });
      return lossOf(learner, run);
    },
    steps: updates,
    clip: 2,
    evaluate: () => exactShare(learner.machine, task, own, key(55), Math.min(longest, 10), 100),
    every: Math.ceil(updates / 25),
    goal: 'max',
    numbers: {
      save: () => ({ ...curriculum }),
      load: ({ level = 1, error = 1, since = 0 }) => {
        curriculum = { level, error, since };
      },
    },
  });
  return { curve, level: curriculum.level };
}

const names: Record<TapeTask, string> = {
  copy: 'Copy',
  duplicatedInput: 'DuplicatedInput',
  reverse: 'Reverse',
  repeatCopy: 'RepeatCopy',
  forwardReverse: 'ForwardReverse',
};

/** One recipe for the two tasks that need an input head alone, and one for those that take the long run. */
function tapeRecipe(name: string, shows: string, tasks: readonly TapeTask[], asked?: string): Recipe<Settings, Outcome> {
  return {
    name,
    ...(asked ? { asked } : {}),
    shows,
    papers: ['Zaremba and Sutskever 2015'],
    keys: 3,
    jobs: ({ keys, quick }) =>
      (quick ? (['copy'] as const) : tasks).flatMap((task) =>
        Array.from({ length: keys }, (_, i) => ({ name: `${task}-${i}`, settings: { task, key: i } })),
      ),
    async job({ task, key: index }, context) {
      const own = context.quick ? quickLesson : lessons[task];
      const learner = new Learner(own, foldIn(key(1), index));
      const { curve, level } = await taught(learner, task, own, context, foldIn(key(2), index));
      const lengths = [own.longest, 2 * own.longest];
      return {
        parameters: parameterCount(learner.machine),
        curve,
        level,
        seen: watched(learner.machine, task, own),
        exact: lengths.map((length) => ({ length, percent: 100 * exactShare(learner.machine, task, own, key(66), length, 200) })),
      };
    },
    rows: (finished) => tasks.flatMap((task) => rowsOf(task, outcomesOf(finished, task))),
    pictures: (finished) => pictures(name, tasks, finished),
  };
}

const outcomesOf = (finished: readonly Finished<Settings, Outcome>[], task: TapeTask): Outcome[] =>
  finished.filter(({ settings }) => settings.task === task).map(({ outcome }) => outcome);

/** What is written exactly, at the lengths of training and at twice that. */
function rowsOf(task: TapeTask, outcomes: readonly Outcome[]): Row[] {
  const learnt = outcomes.filter(({ exact }) => exact[0]?.percent === 100).length;
  return [0, 1].flatMap((i): Row[] => {
    const length = outcomes[0]?.exact[i]?.length;
    if (length === undefined) return [];
    return [
      {
        figure: `${names[task]}: written exactly, ${length} symbols (${learnt} of ${outcomes.length} keys learnt it)`,
        ours: outcomes.map(({ exact }) => exact[i]?.percent ?? 0),
        unit: '%',
        digits: 1,
        ...(i === 0 && (task === 'copy' || task === 'duplicatedInput') ? { target: { atLeast: 100 } } : {}),
        ...(i === 0 ? { paper: 'learnt, with direct access', baseline: '0.0% moves and signs drawn evenly' } : {}),
      },
    ];
  });
}

/** How each key learnt, and the moves of the best one of each task. */
async function pictures(title: string, tasks: readonly TapeTask[], finished: readonly Finished<Settings, Outcome>[]) {
  const lines = finished.map(({ settings, outcome }) => ({
    name: `${names[settings.task]}, key ${settings.key}`,
    points: outcome.curve.flatMap(({ step, metric }) => (metric === undefined ? [] : [[step, 100 * metric] as const])),
  }));
  const panels = tasks.flatMap((task): TapePanel[] => {
    const best = outcomesOf(finished, task).toSorted((a, b) => (b.exact[0]?.percent ?? 0) - (a.exact[0]?.percent ?? 0))[0];
    return best ? [{ ...best.seen, title: names[task] }] : [];
  });
  return {
    learning: await linesSvg(lines, { x: 'updates', y: 'written exactly, %', title }),
    moves: tapesSvg(panels, { columns: 2 }),
  };
}

export const tapes = tapeRecipe(
  'tapes',
  'A machine whose heads are moved by draws copies tapes, and drops what stands on one three times.',
  ['copy', 'duplicatedInput'],
);
export const tapesLong = tapeRecipe(
  'tapes-long',
  'The tasks of tapes that take most updates: backwards, several times, there and back.',
  ['reverse', 'repeatCopy', 'forwardReverse'],
  'tapes --model long',
);
