// Sentences to trees as strings of brackets: a sequence model with attention and without, beside what the grammar itself can tell.
import { foldIn, hashSplit, key, Vocabulary } from 'saccade';
import { type BracketScores, bracketScores } from 'saccade/metrics';
import { type GrammarParse, GrammarParser } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { treeSvg } from 'saccade/plot';
import { type AttachmentSentence, attachmentLabels, attachmentParse, attachmentSentences, attachmentWords } from 'saccade/tasks';
import { type ParseTree, spansOf } from 'saccade/trees';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Finished, Point, Recipe, Row } from '../../runner/recipe.ts';
import { BEAM, type Example, parsesOf, type Teaching, taught } from './teaching.ts';

interface Settings {
  score: 'additive' | 'none';
  key: number;
}

/** F1 in percent of all sentences, and of those of up to 12 words and of more. */
interface Scores {
  all: number;
  short: number;
  long: number;
  exact: number;
}

interface Outcome {
  /** Of trees that a beam found. */
  scores: Scores;
  greedy: Scores;
  /** The same with malformed trees repaired, where `scores` count them as no tree. */
  repaired: Scores;
  /** Percent. */
  malformed: number;
  parameters: number;
  /** The step of the best development score. */
  best: number;
  right: Scores;
  ceiling: Scores;
  points: Point[];
  drawn: { words: readonly string[]; parse: GrammarParse }[];
}

interface Sizes extends Teaching {
  hidden: number;
  embedding: number;
  dropout: number;
  depth: number;
  maxLength: number;
  train: number;
  dev: number;
  test: number;
}

const usual: Sizes = {
  ...{ hidden: 128, embedding: 64, dropout: 0.2, depth: 5, maxLength: 40, train: 4000, dev: 300, test: 1000 },
  ...{ batch: 64, steps: 3000, lr: 2e-3, fall: 0.5, clip: 5, evaluations: 12 },
};
const small: Sizes = {
  ...usual,
  ...{ hidden: 32, embedding: 32, dropout: 0, depth: 1, maxLength: 8, train: 800, dev: 40, test: 150 },
  ...{ batch: 32, steps: 240, lr: 1e-2, fall: 0.5, evaluations: 1 },
};

const vocabulary = new Vocabulary(attachmentWords);
const textOf = ({ words }: AttachmentSentence) => words.join(' ');

/** Different sentences; which part one belongs to is told by its words alone. */
function partsOf({ depth, maxLength, train, dev, test }: Sizes): Record<'train' | 'dev' | 'test', AttachmentSentence[]> {
  const parts: AttachmentSentence[][] = [[], [], []];
  const shares = [0.7, 0.1, 0.2];
  const known = new Set<string>();
  const wanted = [train, dev, test];
  for (let round = 0; parts.some(({ length }, i) => length < (wanted[i] as number)); round++) {
    for (const one of attachmentSentences(foldIn(key(81), round), { count: 1000, depth, maxLength })) {
      if (known.has(textOf(one))) continue;
      known.add(textOf(one));
      parts[hashSplit(textOf(one), shares)]?.push(one);
    }
  }
  const [a = [], b = [], c = []] = parts.map((part, i) => part.slice(0, wanted[i]));
  return { train: a, dev: b, test: c };
}

const examplesOf = (sentences: readonly AttachmentSentence[]): Example[] =>
  sentences.map(({ words, tree }) => ({ words: vocabulary.encode(words), tree }));

function scoresOf(trees: readonly (ParseTree | null)[], sentences: readonly AttachmentSentence[]): Scores {
  const of = (wanted: (words: number) => boolean): BracketScores => {
    const chosen = sentences.flatMap(({ words }, i) => (wanted(words.length) ? [i] : []));
    return bracketScores(
      chosen.map((i) => trees[i] ?? null),
      chosen.map((i) => (sentences[i] as AttachmentSentence).tree),
    );
  };
  const [all, short, long] = [of(() => true), of((words) => words <= 12), of((words) => words > 12)];
  return { all: 100 * all.f1, short: 100 * short.f1, long: 100 * long.f1, exact: 100 * all.exact };
}

/** Every word with all that follows it, under the label that constituents at the end of a sentence have most often. */
function rightBranching(words: number, label: string): ParseTree {
  const rest = (from: number): ParseTree => ({ label, children: from === words - 1 ? [from] : [from, rest(from + 1)] });
  return { label: 'S', children: [0, rest(1)] };
}

function commonestAtEnd(sentences: readonly AttachmentSentence[]): string {
  const counts = new Map<string, number>();
  for (const { words, tree } of sentences) {
    for (const { label, start, end } of spansOf(tree)) {
      if (start > 0 && end === words.length) counts.set(label, (counts.get(label) ?? 0) + 1);
    }
  }
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

const strict = (parses: readonly GrammarParse[]) => parses.map(({ tree, malformed }) => (malformed ? null : tree));

async function learnt({ score, key: run }: Settings, context: Context): Promise<Outcome> {
  const how = context.quick ? small : usual;
  const { train, dev, test } = partsOf(how);
  const { hidden, embedding, dropout, depth } = how;
  const steps = how.steps * (score === 'none' && !context.quick ? 2 : 1); // a step without attention takes half the time, and more of them still help
  const options = { words: vocabulary.size, labels: attachmentLabels, hidden, embedding, dropout, score };
  const parser = new GrammarParser(options, foldIn(key(80), run));
  const wordsOf = (sentences: readonly AttachmentSentence[]) => examplesOf(sentences).map(({ words }) => words);
  const measure = () => scoresOf(strict(parsesOf(parser, wordsOf(dev))), dev).all;
  const points = await taught(parser, { train: examplesOf(train), score: measure, how: { ...how, steps }, run }, context);
  const [parses, commonest] = [parsesOf(parser, wordsOf(test), BEAM), commonestAtEnd(train)];
  const chosen = [test.findIndex(({ words }) => words.length > 7 && words.length < 13), test.findIndex(({ words }) => words.length > 15)];
  return {
    scores: scoresOf(strict(parses), test),
    greedy: scoresOf(strict(parsesOf(parser, wordsOf(test))), test),
    repaired: scoresOf(
      parses.map(({ tree }) => tree),
      test,
    ),
    malformed: (100 * parses.filter(({ malformed }) => malformed).length) / test.length,
    parameters: parameterCount(parser),
    best: points.reduce((best, point) => ((point.metric ?? -1) > (best.metric ?? -1) ? point : best)).step,
    right: scoresOf(
      test.map(({ words }) => rightBranching(words.length, commonest)),
      test,
    ),
    ceiling: scoresOf(
      test.map(({ words }) => attachmentParse(words, { depth })),
      test,
    ),
    points,
    drawn: chosen.flatMap((i) => (test[i] ? [{ words: test[i].words, parse: parses[i] as GrammarParse }] : [])),
  };
}

const of = (finished: readonly Finished<Settings, Outcome>[], score: Settings['score']) =>
  finished.filter(({ settings }) => settings.score === score).map(({ outcome }) => outcome);

const names = { additive: 'with attention', none: 'without' } as const;
const lengths = { all: 'all', short: 'up to 12 words', long: 'over 12 words' } as const;

function rowsOf(finished: readonly Finished<Settings, Outcome>[], score: Settings['score']): Row[] {
  const outcomes = of(finished, score);
  const [first] = outcomes;
  const attends = score === 'additive';
  const parameters = `${Math.round((first?.parameters ?? 0) / 1e3)} k parameters`;
  const rows = (['all', 'short', 'long'] as const).map(
    (part): Row => ({
      figure: `F1, ${names[score]}, ${lengths[part]}${part === 'all' ? `, ${parameters}` : ''}`,
      ours: outcomes.map(({ scores }) => scores[part]),
      ...(attends && part === 'all' && { target: { atLeast: 95 } }),
      ...(part === 'all' && { paper: attends ? '88.3, newspapers' : 'below 70, newspapers' }),
      baseline: `${first?.right[part].toFixed(1)}, right-branching; ${first?.ceiling[part].toFixed(1)}, the grammar itself`,
    }),
  );
  const present = first && first.ceiling.long > 0 ? rows : rows.slice(0, 2); // quick sentences are short
  return [
    ...present,
    { figure: `F1, ${names[score]}, greedy instead of a beam of ${BEAM}`, ours: outcomes.map(({ greedy }) => greedy.all) },
    { figure: `F1, ${names[score]}, malformed trees repaired`, ours: outcomes.map(({ repaired }) => repaired.all) },
    { figure: `malformed, ${names[score]}`, ours: outcomes.map(({ malformed }) => malformed), unit: '%', digits: 1 },
    { figure: `trees all right, ${names[score]}`, ours: outcomes.map(({ scores }) => scores.exact), unit: '%', digits: 1 },
  ];
}

function gapOf(finished: readonly Finished<Settings, Outcome>[], part: 'all' | 'long', least: number): Row {
  const [ours, others] = [of(finished, 'additive'), of(finished, 'none')];
  return {
    figure: `F1 that attention adds, each at its best epoch, ${lengths[part]}`,
    ours: ours.flatMap(({ scores }, i) => (others[i] ? [scores[part] - others[i].scores[part]] : [])),
    target: { atLeast: least },
  };
}

export const grammar: Recipe<Settings, Outcome> = {
  name: 'grammar',
  shows:
    'Sentences of a generated grammar to trees, written as brackets by a sequence model with attention and by the same one without; 4,000 trees to learn from, each model with the weights of its best epoch on development sentences.',
  papers: ['Vinyals, Kaiser et al. 2015'],
  jobs: ({ keys }) =>
    Array.from({ length: keys }, (_, index) =>
      (['additive', 'none'] as const).map((score) => ({ name: `${score}-${index}`, settings: { score, key: index } })),
    ).flat(),
  job: learnt,
  rows: (finished) => [...rowsOf(finished, 'additive'), ...rowsOf(finished, 'none'), gapOf(finished, 'all', 4), gapOf(finished, 'long', 5)],
  pictures: async (finished) => ({
    learning: await linesSvg(
      (['additive', 'none'] as const).map((score) => ({
        name: names[score],
        points: (of(finished, score)[0]?.points ?? []).flatMap(({ step, metric }): [number, number][] =>
          metric === undefined ? [] : [[step, metric]],
        ),
      })),
      { x: 'step', y: 'F1 of development sentences' },
    ),
    ...Object.fromEntries(
      (of(finished, 'additive')[0]?.drawn ?? []).map(({ words, parse: { tree, looks, malformed } }) => [
        words.length > 12 ? 'long-tree' : 'tree',
        treeSvg(tree, { words, ...(looks && { looks }), title: malformed ? 'repaired' : 'as written, and where each bracket looked' }),
      ]),
    ),
  }),
};
