// Characters that were never seen, told apart by one example of each.
import { type EpisodePanel, episodesSvg } from 'saccade/plot';
import { linesSvg } from '../../runner/chart.ts';
import type { Finished, Point, Recipe, RecipeOptions, Row } from '../../runner/recipe.ts';
import { characters, need } from '../../shared/omniglot/omniglot.ts';
import { accuracyOf, learnerOf, nearestPixels, shown, type Task, type Teaching, taught, withinAlphabets } from './learning.ts';

/** What learns, from which characters, and with which of the keys. */
interface Settings {
  learner: Teaching['learner'];
  ways: number;
  /** Whether whole alphabets are kept apart, for the one-shot runs. */
  alphabets: boolean;
  key: number;
}

interface Outcome {
  parameters: number;
  curve: Point[];
  /** Shares of right answers. */
  right: number;
  error: number;
  pixels: number;
  /** In the one-shot runs within an alphabet, where alphabets were kept apart. */
  runs: { ours: number; pixels: number; count: number } | null;
  shown: EpisodePanel[];
}

/** Episodes per share: a standard error of 0.1 points at 97 %. */
const COUNT = 5000;

/** Chosen by short runs on the development characters; many `ways` in training are the idea of the prototypical network's paper (§3.1). */
function teachingOf({ learner, ways }: Pick<Settings, 'learner' | 'ways'>, quick: boolean): Teaching {
  if (quick)
    return { learner, ways, width: 8, trainWays: ways, queries: 2, batch: 16, steps: learner === 'snail' ? 150 : 80, lr: 3e-3, thin: true };
  if (learner === 'prototypes') return { learner, ways, width: 32, trainWays: 60, queries: 2, batch: 1, steps: 2400, lr: 3e-3 };
  return { learner, ways, width: 32, trainWays: ways, queries: 1, batch: ways > 5 ? 4 : 16, steps: 4000, lr: 1e-3 };
}

async function job(settings: Settings, context: Parameters<Recipe['job']>[1]): Promise<Outcome> {
  const all = characters(context);
  const teaching = teachingOf(settings, context.quick);
  const { alphabets, ways, key: seed } = settings;
  const train = alphabets ? all.background : all.train;
  const learner = await learnerOf(teaching, all.pictures.height, seed, context.fileOf(`prototypes-${context.quick ? 5 : ways}-${seed}`));
  const { curve, parameters } = await taught(learner, teaching, { pictures: all.pictures, train, dev: all.dev }, context, seed);
  const count = context.quick ? 200 : COUNT;
  const task: Task = { pictures: all.pictures, classes: all.test, ways, count, from: 0x5eed };
  const { right, error } = accuracyOf(learner, task);
  return {
    parameters,
    curve,
    right,
    error,
    pixels: nearestPixels(task),
    runs: alphabets ? withinAlphabets(learner, all.pictures, all.evaluation) : null,
    shown: shown(learner, { ...task, count: 4 }),
  };
}

const titles: Record<Settings['learner'], string> = { snail: 'SNAIL', prototypes: 'prototypical network' };

/** Mishra et al. 2018, table 1; Snell et al. 2017, table 1; Lake et al. 2019 for the runs. */
const papers: Record<string, { target?: number; paper: string }> = {
  'snail 5': { target: 97, paper: '99.07 ± 0.16 %' },
  'snail 20': { target: 90, paper: '97.64 ± 0.30 %' },
  'prototypes 5': { paper: '98.8 %' },
  'prototypes 20': { paper: '96.0 %' },
};

function rows(finished: readonly Finished<Settings, Outcome>[]): Row[] {
  const kinds = [...new Set(finished.map(({ settings: { key: _, ...kind } }) => JSON.stringify(kind)))];
  return kinds.flatMap((name): Row[] => {
    const { learner, ways, alphabets } = JSON.parse(name) as Omit<Settings, 'key'>;
    const same = finished.filter(({ settings: { key: _, ...kind } }) => JSON.stringify(kind) === name).map(({ outcome }) => outcome);
    const [first] = same;
    if (!first) return [];
    if (alphabets) {
      const ours = same.flatMap(({ runs }) => (runs ? [100 * runs.ours] : []));
      const baseline = `${(100 * (first.runs?.pixels ?? 0)).toFixed(1)} % nearest pixels`;
      const figure = `right within an alphabet, 20-way 1-shot, ${first.runs?.count} runs, alphabets kept apart, ${titles[learner]}`;
      return [{ figure, ours, unit: '%', digits: 1, paper: '86.3 % prototypical network (Lake et al. 2019)', baseline }];
    }
    const told = papers[`${learner} ${ways}`];
    const { target, paper } = told ?? {};
    return [
      {
        figure: `right, ${ways}-way 1-shot, ${titles[learner]}`,
        ours: same.map(({ right }) => 100 * right),
        unit: '%',
        digits: 1,
        ...(target !== undefined && { target: { atLeast: target } }),
        ...(paper !== undefined && { paper }),
        baseline: `${(100 * first.pixels).toFixed(1)} % nearest pixels`,
      },
    ];
  });
}

const recipeOf = (
  kinds: readonly Omit<Settings, 'key'>[],
  parts: Pick<Recipe, 'name' | 'shows'> & { asked?: string },
): Recipe<Settings, Outcome> => ({
  ...parts,
  papers: ['Mishra, Rohaninejad, Chen and Abbeel 2018', 'Snell, Swersky and Zemel 2017'],
  data: need,
  jobs: ({ keys, quick }: RecipeOptions) =>
    Array.from({ length: keys }, (_, key) =>
      kinds
        .filter(({ alphabets, ways }) => !(quick && (alphabets || ways > 5)))
        .map((kind) => ({
          name: `${kind.learner}-${kind.ways}${kind.alphabets ? '-alphabets' : ''}-${key}`,
          settings: { ...kind, ways: quick ? 3 : kind.ways, key },
          ...(kind.learner === 'snail' && { after: [`prototypes-${kind.ways}-${key}`] }),
        })),
    ).flat(),
  job,
  rows,
  pictures: async (finished) => ({
    ...Object.fromEntries(
      finished
        .filter(({ settings }) => settings.key === 0 && settings.ways <= 5)
        .map(({ settings, outcome }) => [settings.learner, episodesSvg(outcome.shown)]),
    ),
    curve: await linesSvg(
      finished
        .filter(({ settings }) => settings.key === 0)
        .map(({ name, outcome }) => ({
          name,
          points: outcome.curve.flatMap(({ step, metric }) => (metric === undefined ? [] : [[step, 100 * metric] as const])),
        })),
      { x: 'step', y: 'right in development episodes, %' },
    ),
  }),
});

export const fewShot = recipeOf(
  [
    { learner: 'prototypes', ways: 5, alphabets: false },
    { learner: 'snail', ways: 5, alphabets: false },
  ],
  {
    name: 'few-shot',
    shows:
      'Characters of 423 that were never seen, told apart by one drawing of each: 5-way 1-shot Omniglot, 5,000 episodes. SNAIL reads them with the embedding of the prototypical network.',
  },
);

/** The long runs: 20 classes, and whole alphabets kept apart. */
export const fewShotLong = recipeOf(
  [
    { learner: 'prototypes', ways: 20, alphabets: false },
    { learner: 'snail', ways: 20, alphabets: false },
    { learner: 'prototypes', ways: 20, alphabets: true },
  ],
  {
    name: 'few-shot-long',
    asked: 'few-shot --model long',
    shows: '20-way 1-shot Omniglot, and one-shot runs within alphabets of which no character was learnt from.',
  },
);
