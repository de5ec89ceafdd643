// The recurrent entity network on one bAbI task at a time, and which sentence changed which entity.
import { Adam, argmax, crossEntropy, foldIn, infer, type Key, key, padBatch, parameters, type Tensor } from 'saccade';
import { bucketBatches, padStories, type Vocabulary } from 'saccade/data';
import { EntityNetwork } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { gatesSvg } from 'saccade/plot';
import type { Story } from 'saccade/tasks';
import { bestOf, stepDecay } from 'saccade/train';
import type { Context, Finished, Point, Recipe, Row } from '../../runner/recipe.ts';
import { babi, longestOf, majorityError, need, type TaskData, taskName, vocabularyOf } from '../../shared/babi.ts';

interface Settings {
  task: number;
}

/** A story with its gates. */
interface Read {
  sentences: string[];
  question: string;
  answer: string;
  supports: number[];
  /** `[sentences][slots]`. */
  gates: number[][];
}

interface Outcome {
  task: number;
  parameters: number;
  curve: Point[];
  /** Shares of wrong answers. */
  error: number;
  devError: number;
  majority: number;
  questions: number;
  /** Errors in development of the seeds that were tried. */
  seeds: number[];
  read: Read[];
}

interface Teaching {
  tasks: readonly number[];
  train: number;
  dev: number;
  held: number;
  size: number;
  slots: number;
  /** Questions of a batch, about: stories are whole. */
  questions: number;
  epochs: number;
  seeds: number;
  /** The share of errors in development at which no further seed is tried. */
  enough: number;
  /** The rate of an epoch. */
  lr: (epoch: number) => number;
}

/** Halved every 25 epochs, as the authors do. */
const halved =
  (from: number) =>
  (epoch: number): number =>
    stepDecay(from, { every: 25, factor: 0.5 })(Math.floor(epoch));

/** The tasks of the figure, shortest stories first. */
const TASKS = [1, 4, 15, 10, 6, 9, 11, 12, 7, 20];
/** Those that take longer to learn, shortest first; the official files of 10,000 questions that we have lack task 3. */
const LONGER = [17, 18, 13, 14, 8, 19, 2, 5, 16];

/** The authors' 0.01 is for batches of 32 questions; smaller ones at half the rate leave the plateau of yes and no sooner. */
const usual: Teaching = {
  tasks: TASKS,
  train: 8000,
  dev: 1000,
  held: 1000,
  size: 100,
  slots: 20,
  questions: 20,
  epochs: 100,
  seeds: 3,
  enough: 0.005,
  lr: halved(5e-3),
};
/** The authors' batch and rate: task 17, of few stories, is 7 % wrong in development after them, and 19 % after those above. */
const long: Teaching = { ...usual, tasks: LONGER, questions: 32, seeds: 5, enough: 0.01, lr: halved(1e-2) };
const small: Teaching = {
  ...{ ...usual, tasks: [1], train: 750, dev: 150, held: 250, size: 32, slots: 6 },
  ...{ questions: 40, epochs: 25, seeds: 1, lr: () => 1e-2 },
};

/** Epochs after which a seed that has not learnt is given up, and the error that says so: runs either learn or do not. */
const PATIENCE = 40;
const HOPELESS = 0.1;

interface Batch {
  stories: Tensor;
  questions: Tensor;
  after: Tensor;
  answers: Tensor;
}

/** Whole stories with all their questions: 0 answers where a story has fewer. */
function batchOf(stories: readonly Story[], vocabulary: Vocabulary): Batch {
  const answers = padBatch(stories.map(({ questions }) => questions.map(({ answer }) => vocabulary.index(answer))));
  return {
    stories: padStories(stories.map(({ sentences }) => sentences.map((words) => vocabulary.encode(words)))).tokens,
    questions: padStories(stories.map(({ questions }) => questions.map(({ words }) => vocabulary.encode(words)))).tokens,
    after: padBatch(stories.map(({ questions }) => questions.map(({ after }) => after))).tokens,
    answers: answers.tokens,
  };
}

function* batches(stories: readonly Story[], vocabulary: Vocabulary, size: number, own?: Key): Generator<Batch> {
  const lengths = stories.map(({ sentences }) => sentences.length);
  for (const chosen of bucketBatches(lengths, { batchSize: size, bucketWidth: 4, ...(own ? { key: own } : {}) }))
    yield batchOf(chosen.map((i) => stories[i] as Story), vocabulary); // biome-ignore format: one line
}

function errorOf(model: EntityNetwork, stories: readonly Story[], vocabulary: Vocabulary): number {
  let [wrong, all] = [0, 0];
  for (let at = 0; at < stories.length; at += 100) {
    infer(() => {
      const { stories: told, questions, after, answers } = batchOf(stories.slice(at, at + 100), vocabulary);
      const chosen = argmax(model.forward(told, questions, after).logits, { axis: -1 }).toArray();
      for (const [i, answer] of answers.toArray().entries()) {
        if (answer === 0) continue;
        all++;
        if (chosen[i] !== answer) wrong++;
      }
    });
  }
  return wrong / Math.max(1, all);
}

/** Epochs between looks at the error in development. */
const LOOK = 5;

/**
 * Trains one seed until it makes no error in development, or seems hopeless, or has had its epochs. A run that was stopped goes on where it was and
 * decides at the same epochs.
 */
async function taught(model: EntityNetwork, lesson: Lesson, seed: number, context: Context): Promise<{ devError: number; curve: Point[] }> {
  const { data, vocabulary, teaching } = lesson;
  const { questions: about, epochs, lr } = teaching;
  const asked = data.train.reduce((sum, story) => sum + story.questions.length, 0) / data.train.length;
  const stories = Math.max(1, Math.round(about / asked));
  const perEpoch = Math.ceil(data.train.length / stories);
  const few = data.train.slice(0, Math.ceil(data.train.length / 10));
  const optimizer = new Adam(parameters(model), { lr: 1e-2 });
  let looked = 0;
  for (let epoch = LOOK; ; epoch += LOOK) {
    const curve = await context.train({
      name: `seed-${seed}`,
      model,
      optimizer,
      key: foldIn(key(5), seed),
      batches: (_, own) => batches(data.train, vocabulary, stories, own),
      loss: ({ stories: told, questions, after, answers }) => {
        const { logits } = model.forward(told, questions, after);
        return crossEntropy(logits, answers, { ignoreIndex: 0, reduction: 'sum' });
      },
      steps: Math.min(epoch, epochs) * perEpoch,
      schedule: (step) => lr(step / perEpoch),
      clip: 40,
      numbers: {
        save: () => ({ looked }),
        load: (numbers) => {
          looked = numbers.looked ?? 0;
        },
      },
    });
    if (epoch < epochs && looked >= epoch) continue; // decided before this session
    looked = epoch;
    const devError = errorOf(model, data.dev, vocabulary);
    if (devError === 0 || epoch >= epochs) return { devError, curve };
    if (epoch >= PATIENCE && errorOf(model, few, vocabulary) > HOPELESS) return { devError, curve };
  }
}

/** A task to learn, and how. */
interface Lesson {
  data: TaskData;
  vocabulary: Vocabulary;
  words: number;
  teaching: Teaching;
}

/** What the gates did in some held-out stories. */
function readingOf(model: EntityNetwork, { data, vocabulary }: Lesson): Read[] {
  const some = data.held.filter(({ sentences }) => sentences.length >= 3 && sentences.length <= 12).slice(0, 2);
  if (some.length === 0) return [];
  return infer(() => {
    const { stories, questions, after } = batchOf(some, vocabulary);
    const { logits, gates } = model.forward(stories, questions, after);
    const [asked, length, slots] = [questions.shape[1] as number, stories.shape[1] as number, gates.shape[2] as number];
    const [chosen, all] = [argmax(logits, { axis: -1 }).toArray(), gates.toArray()];
    return some.map(({ sentences, questions: own }, b) => {
      const last = own.at(-1) as Story['questions'][number];
      return {
        sentences: sentences.slice(0, last.after).map((words) => words.join(' ')),
        question: last.words.join(' '),
        answer: vocabulary.symbols[chosen[b * asked + own.length - 1] ?? 0] ?? '',
        supports: [...last.supports],
        gates: Array.from({ length: last.after }, (_, s) =>
          Array.from(all.subarray((b * length + s) * slots, (b * length + s + 1) * slots)),
        ),
      };
    });
  });
}

function lessonOf(task: number, teaching: Teaching, context: Pick<Context, 'hasData' | 'path' | 'testPath'>): Lesson {
  const [data] = babi(context, teaching, [task]);
  if (!data) throw new Error(`entities: --data must hold task ${task}, got none`);
  return { data, vocabulary: vocabularyOf([data]), words: longestOf([data]), teaching };
}

type Done = Finished<Settings, Outcome>;

const rowOf = ({ outcome: { task, error, majority, seeds } }: Done, atMost: number | undefined): Row => ({
  figure: `error of task ${task}, ${taskName(task)}, ${seeds.length === 1 ? 'first seed' : `best of ${seeds.length} seeds`}`,
  ours: [100 * error],
  unit: '%',
  ...(atMost !== undefined && { target: { atMost } }),
  baseline: `${(100 * majority).toFixed(1)} %, the commonest answer`,
});

/** Teaches one task, several seeds if need be, and measures the one of least error in development. */
async function learnt(task: number, teaching: Teaching, context: Context): Promise<Outcome> {
  const lesson = lessonOf(task, teaching, context);
  const { size, slots, seeds, enough } = teaching;
  const errors: number[] = [];
  const { result } = await bestOf(
    seeds,
    async (seed) => {
      const model = new EntityNetwork({ symbols: lesson.vocabulary.size, words: lesson.words, size, slots }, foldIn(key(4), seed));
      const { devError, curve } = await taught(model, lesson, seed, context);
      errors.push(devError);
      return { error: devError, result: { model, curve, devError } };
    },
    { enough },
  );
  const { model, curve, devError } = result;
  return {
    task,
    parameters: parameterCount(model),
    curve,
    error: errorOf(model, lesson.data.held, lesson.vocabulary),
    devError,
    majority: majorityError(lesson.data),
    questions: lesson.data.held.reduce((sum, { questions }) => sum + questions.length, 0),
    seeds: errors,
    read: readingOf(model, lesson),
  };
}

function entitiesRecipe(
  parts: Pick<Recipe, 'name' | 'shows' | 'asked'>,
  { teaching, atMost, meanAtMost, drawn }: { teaching: Teaching; atMost: number; meanAtMost: number; drawn: readonly number[] },
): Recipe<Settings, Outcome> {
  return {
    ...parts,
    papers: ['Henaff et al. 2017', 'Weston et al. 2015'],
    data: need,
    jobs: ({ quick }) => (quick ? small : teaching).tasks.map((task) => ({ name: `task-${task}`, settings: { task } })),
    job: ({ task }, context) => learnt(task, context.quick ? small : teaching, context),
    rows: (finished, { data }) => [
      ...finished.map((one) => rowOf(one, data === undefined ? undefined : atMost)),
      ...(finished.length > 1
        ? [
            {
              figure: `mean error of these ${finished.length} tasks`,
              ours: [(100 * finished.reduce((sum, { outcome }) => sum + outcome.error, 0)) / finished.length],
              unit: '%',
              ...(data !== undefined && { target: { atMost: meanAtMost } }),
            },
          ]
        : []),
    ],
    pictures: (finished): Record<string, string> => {
      const shown = drawn.flatMap((task) => finished.find(({ settings }) => settings.task === task)?.outcome.read.slice(0, 1) ?? []);
      return shown.length > 0 ? { gates: gatesSvg(shown, { columns: 2 }) } : {};
    },
  };
}

export const entities = entitiesRecipe(
  {
    name: 'entities',
    shows:
      'A recurrent entity network, one for each bAbI task, 8,000 training questions, 1,000 that choose the seed and the moment to stop, 1,000 others that are reported.',
  },
  { teaching: usual, atMost: 1, meanAtMost: 1, drawn: [1, 7, 11, 15] },
);

export const entitiesLong = entitiesRecipe(
  { name: 'entities-long', asked: 'entities --model long', shows: 'The same network on the other tasks, which take longer to learn.' },
  { teaching: long, atMost: 5, meanAtMost: 2, drawn: [2, 8, 14, 19] }, // 2 % of nine tasks are 1 % of all nineteen, the ten of `entities` included
);
