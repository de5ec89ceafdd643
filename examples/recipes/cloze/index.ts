// Questions about documents of events whose actors have no names: readers that look at the document beside readers that do not.
import { Adam, argmax, crossEntropy, foldIn, infer, type Key, key, padBatch, parameters, type Tensor, Vocabulary } from 'saccade';
import { AttentiveReader, BilinearReader, DeepLSTMReader, ImpatientReader, type Reader, UniformReader } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { documentSvg } from 'saccade/plot';
import { type ClozeProblem, clozeProblems, clozeSymbols, mostFrequentActor, nearestActor } from 'saccade/tasks';
import { tensor } from 'saccade/tensor';
import { trapezoidSchedule } from 'saccade/train';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Finished, Point, Recipe, Row } from '../../runner/recipe.ts';
import { School, type Schooling } from './school.ts';

type Kind = 'attentive' | 'impatient' | 'bilinear' | 'uniform' | 'deep LSTM';

interface Settings {
  reader: Kind;
  key: number;
}

/** One document with its question, as it was read. */
interface Shown {
  problem: ClozeProblem;
  answer: string;
  /** A row for each look. */
  looks: number[][];
}

interface Outcome {
  /** Percent of the test questions that are answered. */
  right: number;
  parameters: number;
  /** Percent answered by each baseline. */
  trivial: Record<'frequent' | 'exclusive' | 'nearest', number>;
  points: Point[];
  shown: Shown[];
}

interface Teaching extends Schooling {
  hidden: number;
  embedding: number;
  verbs: number;
  batch: number;
  lr: number;
  clip: number;
  /** The share of the steps over which the rate falls to 0. */
  fall: number;
  tested: number;
}

const usual: Teaching = {
  ...{ hidden: 48, embedding: 48, names: 40, actors: [6, 8], events: 8, verbs: 8 },
  ...{ batch: 16, steps: 10_000, lr: 3e-3, clip: 5, pass: 0.85, schooling: 0.6, fall: 0.3, tested: 4000 },
  lessons: [
    { names: 8, actors: [4, 4], events: 3 },
    { names: 8, actors: [4, 6], events: 5 },
    { names: 16, actors: [6, 8], events: 8 },
  ],
};
/** At the rate of the others the bilinear reader did not leave the first lesson. */
const rateOf = (reader: Kind, { lr }: Teaching) => (reader === 'bilinear' ? lr / 2 : lr);

const small: Teaching = {
  ...usual,
  ...{ hidden: 24, embedding: 24, names: 8, actors: [4, 4], events: 3, verbs: 4, batch: 32, steps: 600, lr: 1e-2, fall: 0.1, tested: 500 },
  lessons: [],
};

/** Steps of an epoch. */
const EPOCH = 50;
const vocabularyOf = ({ names, verbs }: Teaching) => new Vocabulary(clozeSymbols({ names, verbs }), { specials: ['<pad>'] });

/** Readers of about as many parameters: where the attention of the others is missing, networks are wider. */
function made(kind: Kind, { hidden, embedding, names: candidates }: Teaching, symbols: number, from: Key): Reader {
  const options = { symbols, candidates, hidden, embedding };
  const wider = (times: number) => ({ ...options, hidden: Math.round(times * hidden) });
  switch (kind) {
    case 'attentive':
      return new AttentiveReader(options, from);
    case 'impatient':
      return new ImpatientReader(options, from);
    case 'bilinear':
      return new BilinearReader(options, from);
    case 'uniform':
      return new UniformReader(wider(1.09), from);
    case 'deep LSTM':
      return new DeepLSTMReader(wider(1.72), from);
  }
}

function batchOf(problems: readonly ClozeProblem[], vocabulary: Vocabulary) {
  const padded = (part: 'document' | 'question') => padBatch(problems.map((one) => vocabulary.encode(one[part]))).tokens;
  const answers = problems.map(({ answer }) => vocabulary.index(answer) - 1);
  return { document: padded('document'), question: padded('question'), answers };
}

/** The share of a batch that is answered right. */
function rightOf(logits: Tensor, answers: readonly number[]): number {
  const chosen = argmax(logits, { axis: -1 }).toArray();
  return answers.filter((answer, i) => chosen[i] === answer).length / answers.length;
}

/** Percent of problems for which `guess` is right. */
const percent = (problems: readonly ClozeProblem[], guess: (problem: ClozeProblem, i: number) => string) =>
  (100 * problems.filter((problem, i) => guess(problem, i) === problem.answer).length) / problems.length;

function answersOf(model: Reader, problems: readonly ClozeProblem[], vocabulary: Vocabulary): string[] {
  const answers: string[] = [];
  for (let at = 0; at < problems.length; at += 250) {
    const { document, question } = batchOf(problems.slice(at, at + 250), vocabulary);
    answers.push(...infer(() => model.answer(document, question).answers).map((token) => vocabulary.symbols[token] as string));
  }
  return answers;
}

/** What was looked at, each document alone. */
function shownOf(model: Reader, problem: ClozeProblem, vocabulary: Vocabulary): Shown {
  const { document, question } = batchOf([problem], vocabulary);
  return infer(() => {
    const { answers, weights } = model.answer(document, question);
    const looks = (weights?.toNested() as number[][][] | undefined)?.[0] ?? [];
    return { problem, answer: vocabulary.symbols[answers[0] as number] as string, looks };
  });
}

async function learnt({ reader, key: run }: Settings, context: Context): Promise<Outcome> {
  const how = context.quick ? small : usual;
  const { names, actors, events, verbs, batch, steps, fall, clip } = how;
  const lr = rateOf(reader, how);
  const vocabulary = vocabularyOf(how);
  const model = made(reader, how, vocabulary.size, foldIn(key(71), run));
  const sizes = { names, actors, verbs };
  const dev = clozeProblems(key(73), { ...sizes, events, count: 500 });
  const school = new School(how);
  function* batches(epoch: number, own: Key) {
    for (let i = 0; i < EPOCH; i++) {
      const { names: known, actors: present, events: told } = school.level(epoch * EPOCH + i);
      const level = { names: known, actors: present, events: told, verbs, count: batch };
      yield batchOf(clozeProblems(foldIn(own, i), level), vocabulary);
    }
  }
  const points = await context.train({
    model,
    optimizer: new Adam(parameters(model), { lr }),
    key: foldIn(key(72), run),
    batches,
    loss: ({ document, question, answers }, { key: step }) => {
      const { logits } = model.forward(document, question, { key: step });
      school.mark(rightOf(logits, answers));
      return crossEntropy(logits, tensor(Int32Array.from(answers), { shape: [answers.length] }));
    },
    numbers: school.numbers,
    steps,
    clip,
    schedule: trapezoidSchedule(lr, { steps, warmup: 20, fall }),
    evaluate: () => {
      const answers = answersOf(model, dev, vocabulary);
      return percent(dev, (_, i) => answers[i] as string);
    },
    every: Math.ceil(steps / (context.quick ? 2 : 16)),
    goal: 'max',
  });
  const test = clozeProblems(key(74), { ...sizes, events, count: how.tested });
  return { ...measured(model, test, vocabulary), points };
}

/** What a reader answers to test problems, beside what needs no reading. */
function measured(model: Reader, test: readonly ClozeProblem[], vocabulary: Vocabulary): Omit<Outcome, 'points'> {
  const answers = answersOf(model, test, vocabulary);
  return {
    right: percent(test, (_, i) => answers[i] as string),
    parameters: parameterCount(model),
    trivial: {
      frequent: percent(test, (problem) => mostFrequentActor(problem)),
      exclusive: percent(test, (problem) => mostFrequentActor(problem, { exclusive: true })),
      nearest: percent(test, nearestActor),
    },
    shown: test.slice(0, 2).map((problem) => shownOf(model, problem, vocabulary)),
  };
}

const kinds: readonly Kind[] = ['attentive', 'impatient', 'bilinear', 'uniform', 'deep LSTM'];

/** Hermann et al. 2015, table 5, on CNN's test questions; the bilinear one Chen et al. 2016, table 2. */
const papers: Record<Kind, string> = {
  attentive: '63.0, CNN',
  impatient: '63.8, CNN',
  bilinear: '72.4, CNN',
  uniform: '39.4, CNN',
  'deep LSTM': '57.0, CNN',
};

const of = (finished: readonly Finished<Settings, Outcome>[], kind: Kind) =>
  finished.filter(({ settings }) => settings.reader === kind).map(({ outcome }) => outcome);

function rowOf(finished: readonly Finished<Settings, Outcome>[], kind: Kind): Row {
  const outcomes = of(finished, kind);
  const { frequent = 0, exclusive = 0, nearest = 0 } = outcomes[0]?.trivial ?? {};
  return {
    figure: `questions answered, ${kind} reader, ${Math.round((outcomes[0]?.parameters ?? 0) / 1e3)} k parameters`,
    ours: outcomes.map(({ right }) => right),
    unit: '%',
    digits: 1,
    ...(['attentive', 'impatient', 'bilinear'].includes(kind) && { target: { atLeast: 95 } }),
    paper: papers[kind],
    baseline: `${frequent.toFixed(1)} % most frequent, ${exclusive.toFixed(1)} % exclusive, ${nearest.toFixed(1)} % word distance`,
  };
}

/** How far the least of the readers that look is above the best of those that do not, key by key. */
function gapOf(finished: readonly Finished<Settings, Outcome>[]): Row {
  const [looking, blind] = [kinds.slice(0, 3), kinds.slice(3)].map((group) => group.map((kind) => of(finished, kind)));
  const runs = Math.min(...[...(looking ?? []), ...(blind ?? [])].map(({ length }) => length));
  const at = (group: Outcome[][] | undefined, i: number) => (group ?? []).map((outcomes) => outcomes[i]?.right ?? 0);
  return {
    figure: 'the least of the three that look, above the better of the two that do not',
    ours: Array.from({ length: runs }, (_, i) => Math.min(...at(looking, i)) - Math.max(...at(blind, i))),
    unit: ' points',
    digits: 1,
    target: { atLeast: 15 },
  };
}

function drawn(kind: Kind, shown: Shown | undefined): [string, string][] {
  if (!shown || shown.looks.length === 0) return [];
  const { problem, answer, looks } = shown;
  const title = `${problem.question.join(' ')}  ${answer}${answer === problem.answer ? '' : `, which is wrong: ${problem.answer}`}`;
  const rows = looks.length === 1 ? [''] : problem.question;
  return [[kind, documentSvg(looks, { rows, columns: problem.document, title })]];
}

export const cloze: Recipe<Settings, Outcome> = {
  name: 'cloze',
  shows:
    'Questions about generated documents whose actors have numbers for names: readers with attention (attentive, impatient, bilinear), one that takes all tokens evenly, and a deep LSTM, of about equal size. ' +
    'Lessons grow as they are passed; the two that do not look pass none, and have the full questions for the last 40 % of their updates, as all would.',
  papers: ['Hermann et al. 2015', 'Chen, Bolton and Manning 2016'],
  jobs: ({ keys, quick }) =>
    Array.from({ length: keys }, (_, index) =>
      (quick ? (['bilinear', 'uniform'] as const) : kinds).map((reader) => ({
        name: `${reader.replaceAll(' ', '-')}-${index}`,
        settings: { reader, key: index },
      })),
    ).flat(),
  job: learnt,
  rows: (finished) => [...kinds.map((kind) => rowOf(finished, kind)), gapOf(finished)],
  pictures: async (finished) => ({
    learning: await linesSvg(
      kinds.map((kind) => ({
        name: kind,
        points: (of(finished, kind)[0]?.points ?? []).flatMap(({ step, metric }): [number, number][] =>
          metric === undefined ? [] : [[step, metric]],
        ),
      })),
      { x: 'step', y: 'answered, %' },
    ),
    ...Object.fromEntries(
      (['attentive', 'impatient', 'bilinear'] as const).flatMap((kind) => drawn(kind, of(finished, kind)[0]?.shown[0])),
    ),
  }),
};
