// Characters of Shakespeare: nanoGPT's smallest model by its own recipe, and what the same tokens, ten minutes and an hour reach by a modern one.
import { linesSvg } from '../../runner/chart.ts';
import type { Finished, Recipe, Row } from '../../runner/recipe.ts';
import { type Learnt, type Lesson, learnt } from './teaching.ts';
import { need, tailOf, textFor, unigramLoss } from './text.ts';

/** Which lesson, and which of the keys. */
export interface Settings {
  lesson: Lesson;
  key: number;
}

/** What a model reached, beside what the frequencies of characters alone do. */
export interface Outcome extends Learnt {
  unigram: number;
}

/** nanoGPT's configuration for the CPU (README, "I only have a macbook"): 1.536 M characters, one and a half times the training part. */
export const nano: Lesson = {
  ...{ layers: 4, size: 128, heads: 4, block: 64, dropout: 0, batch: 12 },
  ...{ steps: 2000, lr: 1e-3, warmup: 100 },
};

/** All that is modern in the model. */
const modern = { rmsNorm: true, rotary: 1024, qkNorm: true, squared: true, zeroed: true } as const;

export const better: Lesson = { ...nano, ...modern, lr: 2e-3 };
export const muon: Lesson = { ...better, lr: 4e-3, muon: 0.02, fall: 0.6, warmup: 0 };
const minutes: Lesson = { ...muon, pairs: true, block: 128, batch: 16 };

/** By the arithmetic of the smaller ones and the habits of nanoGPT's speed runs; nothing was searched, on the validation part least of all. */
const hour: Lesson = {
  ...{ ...minutes, layers: 6, size: 192, heads: 6, block: 256, rotary: 10_000, dropout: 0.15 },
  ...{ steps: 2500, lr: 3e-3, decay: 0.01, fall: 0.5, warmup: 50 },
};

const small: Lesson = { ...minutes, layers: 1, size: 32, heads: 2, block: 32, batch: 8, steps: 120 };

/** A lesson, and what is said of it. */
export interface Told {
  name: string;
  title: string;
  lesson: Lesson;
  target?: number;
  paper?: string;
}

const lessons: readonly Told[] = [
  { name: 'nano', title: 'nanoGPT’s recipe, 1.5 M characters', lesson: nano, target: 1.91, paper: '1.88 of 20 random batches (nanoGPT)' },
  { name: 'modern', title: 'a modern model, the same characters and products', lesson: better, target: 1.71 },
  { name: 'muon', title: 'with Muon, the same characters', lesson: muon, target: 1.62 },
];

/** Ten minutes of two cores. */
const inMinutes: readonly Told[] = [
  { name: 'minutes', title: 'with pairs and larger blocks, 4.1 M characters', lesson: minutes, target: 1.51 },
];

const long: readonly Told[] = [
  {
    name: 'hour',
    title: '6 layers of 192, 10 M characters',
    lesson: hour,
    target: 1.47,
    paper: '1.4697, 6 layers of 384 on an A100 (nanoGPT)',
  },
];

/** What may be chosen: rates, and what is dropped, by shorter runs. */
const choices: readonly Told[] = [
  ...[0.01, 0.02, 0.04].map((rate) => ({ name: `rate${100 * rate}`, title: `Muon ${rate}`, lesson: { ...muon, muon: rate } })),
  ...[0, 0.1, 0.2].map((dropout) => ({ name: `dropout${10 * dropout}`, title: `dropout ${dropout}`, lesson: { ...minutes, dropout } })),
];

const jobsOf = (told: readonly Told[], quick: boolean, keys: number) =>
  Array.from({ length: keys }, (_, key) =>
    told.map(({ name, lesson }) => ({ name: `${name}-${key}`, settings: { lesson: quick ? small : lesson, key } })),
  ).flat();

export const runsOf = (finished: readonly Finished<Settings, Outcome>[], { name }: Told) =>
  finished.filter((job) => job.name.startsWith(`${name}-`)).map(({ outcome }) => outcome);

function rowsFor(finished: readonly Finished<Settings, Outcome>[], told: Told, part: string): Row[] {
  const runs = runsOf(finished, told);
  const [first] = runs;
  if (!first) return [];
  return [
    {
      figure: `${part} loss, ${told.title}, ${(first.parameters / 1e6).toFixed(2)} M parameters`,
      ours: runs.map(({ validation }) => validation),
      digits: 3,
      ...(told.target && { target: { atMost: told.target } }),
      ...(told.paper && { paper: told.paper }),
      baseline: `${first.unigram.toFixed(2)}, frequencies of characters`,
    },
  ];
}

/** A recipe of such lessons; `tail` measures on the end of the training part, which is not learnt from then, in place of the validation part. */
export function recipeOf(
  parts: Pick<Recipe, 'name' | 'shows' | 'papers'> & { asked?: string; told: readonly Told[]; tail?: boolean },
): Recipe<Settings, Outcome> {
  const { told, tail = false, ...rest } = parts;
  const part = tail ? 'tail' : 'validation';
  return {
    ...rest,
    data: need,
    jobs: ({ quick, keys }) => jobsOf(told, quick, keys),
    async job({ lesson, key }, context) {
      const text = tail ? tailOf(textFor(context)) : textFor(context);
      return { ...(await learnt(lesson, text, context, key)), unigram: unigramLoss(text) };
    },
    rows: (finished) => told.flatMap((one) => rowsFor(finished, one, part)),
    pictures: async (finished) => ({
      learning: await linesSvg(
        told.flatMap((one) => {
          const [run] = runsOf(finished, one);
          const points = (run?.points ?? []).flatMap(({ step, metric }): [number, number][] =>
            metric === undefined ? [] : [[step, metric]],
          );
          return points.length > 0 ? [{ name: one.name, points }] : [];
        }),
        { x: 'step', y: `loss on a twentieth of the ${part} part` },
      ),
    }),
  };
}

export const shakespeare = recipeOf({
  name: 'shakespeare',
  shows:
    'A language model of the characters of tiny Shakespeare: mean cross-entropy in nats over the whole validation part, the last tenth, by which no choice was made here.',
  papers: ['Karpathy, nanoGPT', 'Jordan et al. 2024, modded-nanogpt'],
  told: lessons,
});

export const shakespeareMinutes = recipeOf({
  name: 'shakespeare-minutes',
  asked: 'shakespeare --model minutes',
  shows: 'Ten minutes of two cores for the characters of tiny Shakespeare, measured likewise.',
  papers: ['Karpathy, nanoGPT', 'Jordan et al. 2024, modded-nanogpt'],
  told: inMinutes,
});

export const shakespeareHour = recipeOf({
  name: 'shakespeare-hour',
  asked: 'shakespeare --model hour',
  shows: 'An hour of two cores for the characters of tiny Shakespeare, measured likewise.',
  papers: ['Karpathy, nanoGPT', 'Jordan et al. 2024, modded-nanogpt'],
  told: long,
});

export const shakespeareChoice = recipeOf({
  name: 'shakespeare-choice',
  asked: 'shakespeare --model choice',
  shows:
    'Settings for the characters of tiny Shakespeare, compared on the last twentieth of the training part, which is not learnt from then.',
  papers: ['Karpathy, nanoGPT', 'Jordan et al. 2024, modded-nanogpt'],
  told: choices,
  tail: true,
});
