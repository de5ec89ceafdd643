// The bAbI tasks for recipes: official files where there are some, generated stories otherwise.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { foldIn, key } from 'saccade';
import { type StoryExample, storyExamples, storyWords, Vocabulary } from 'saccade/data';
import { babiStories, readBabi, type Story } from 'saccade/tasks';
import type { Context, DataNeed } from '../runner/recipe.ts';

/** What the official files call each task, from 1. */
export const TASKS = [
  'single-supporting-fact',
  'two-supporting-facts',
  'three-supporting-facts',
  'two-arg-relations',
  'three-arg-relations',
  'yes-no-questions',
  'counting',
  'lists-sets',
  'simple-negation',
  'indefinite-knowledge',
  'basic-coreference',
  'conjunction',
  'compound-coreference',
  'time-reasoning',
  'basic-deduction',
  'basic-induction',
  'positional-reasoning',
  'size-reasoning',
  'path-finding',
  'agents-motivations',
] as const;

/** A task in words: `two supporting facts`. */
export const taskName = (task: number): string => (TASKS[task - 1] ?? '').replaceAll('-', ' ');

const fileOf = (task: number, part: 'train' | 'test') => `qa${task}_${TASKS[task - 1]}_${part}.txt`;

export const need: DataNeed = {
  folder: 'babi-en-10k',
  files: [fileOf(1, 'train')],
  source: 'the bAbI tasks, en-10k, research.facebook.com/downloads/babi; without them: stories that `saccade/tasks` generates',
  optional: true,
};

/** Questions to learn from, to choose by, and to report; each story is in one part only. */
export interface TaskData {
  task: number;
  train: Story[];
  dev: Story[];
  held: Story[];
}

/** Questions of each part. */
export interface Sizes {
  train: number;
  dev: number;
  held: number;
}

/** Whole stories until there are so many questions. */
function taken(stories: readonly Story[], questions: number): Story[] {
  let count = 0;
  const end = stories.findIndex((story) => {
    if (count >= questions) return true;
    count += story.questions.length;
    return false;
  });
  return stories.slice(0, end < 0 ? stories.length : end);
}

function official(text: string, { train, dev, held }: Sizes): Omit<TaskData, 'task'> {
  const stories = readBabi(text);
  const learnt = taken(stories, train);
  const chosen = taken(stories.slice(learnt.length), dev);
  const left = stories.slice(learnt.length + chosen.length);
  return { train: learnt, dev: chosen, held: taken(left.toReversed(), held).toReversed() };
}

const generated = (task: number, part: number, questions: number) =>
  taken(babiStories(foldIn(foldIn(key(71), task), part), { task, stories: Math.max(1, questions) }), questions);

/**
 * The tasks: of `--data` the first questions are learned and the last ones held out, tasks without a file are left out; with `--test` the
 * official test questions are reported instead. Without `--data` all is generated.
 */
export function babi(context: Pick<Context, 'hasData' | 'path' | 'testPath'>, sizes: Sizes, tasks: readonly number[]): TaskData[] {
  if (!context.hasData) {
    const part = (task: number, i: number, questions: number) => generated(task, i, questions);
    return tasks.map((task) => ({
      task,
      train: part(task, 0, sizes.train),
      dev: part(task, 1, sizes.dev),
      held: part(task, 2, sizes.held),
    }));
  }
  const folder = dirname(context.path(fileOf(1, 'train')));
  return tasks.flatMap((task) => {
    const path = join(folder, fileOf(task, 'train'));
    if (!existsSync(path)) return [];
    const data = official(readFileSync(path, 'utf8'), sizes);
    const test = context.testPath(fileOf(task, 'test'));
    return [{ task, ...data, ...(test ? { held: readBabi(readFileSync(test, 'utf8')) } : {}) }];
  });
}

/** All tasks, 1 … 20. */
export const everyTask = TASKS.map((_, i) => i + 1);

/** The words of some tasks; 0 is padding. */
export const vocabularyOf = (all: readonly TaskData[]): Vocabulary =>
  Vocabulary.from(storyWords(all.flatMap(({ train, dev, held }) => [...train, ...dev, ...held])), { specials: ['<pad>'] });

/** The most words of a sentence or question. */
export function longestOf(all: readonly TaskData[]): number {
  let most = 0;
  for (const { train, dev, held } of all) {
    for (const { sentences, questions } of [...train, ...dev, ...held]) {
      for (const words of sentences) most = Math.max(most, words.length);
      for (const { words } of questions) most = Math.max(most, words.length);
    }
  }
  return most;
}

export const examplesOf = (stories: readonly Story[], vocabulary: Vocabulary): StoryExample[] =>
  stories.flatMap((story) => storyExamples(story, vocabulary));

/** The share of answers that are not the commonest of the training part. */
export function majorityError({ train, held }: TaskData): number {
  const counts = new Map<string, number>();
  for (const { questions } of train) for (const { answer } of questions) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [best = ''] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  const all = held.flatMap(({ questions }) => questions);
  return all.filter(({ answer }) => answer !== best).length / all.length;
}
