// A learner that was never told how to gamble: it plays bandits that it has not seen, and gets better at each as it plays.
import { infer, key } from 'saccade';
import { type PullsPanel, pullsSvg } from 'saccade/plot';
import {
  type BanditPolicy,
  banditInputs,
  banditOptimum,
  banditProblems,
  greedyArm,
  indexPolicy,
  optimisticThompson,
  playBandits,
  randomArm,
  thompson,
} from 'saccade/tasks';
import { linesSvg } from '../../runner/chart.ts';
import type { Finished, Point, Recipe, RecipeOptions, Row } from '../../runner/recipe.ts';
import { meanOf, playing, rewardsOf, type Teaching, taught } from './learning.ts';

interface Settings {
  pulls: number;
  key: number;
}

/** A mean reward of an episode, and its standard error. */
interface Mean {
  mean: number;
  error: number;
}

interface Outcome {
  parameters: number;
  curve: Point[];
  /** Its most probable choices, and drawn ones. */
  greedy: Mean;
  drawn: Mean;
  /** What the index policy has more than the greedy learner, on the same bandits with the same luck. */
  behind: Mean;
  others: Record<string, Mean>;
  /** The exact optimum, where it can be computed. */
  optimum: number | null;
  shown: PullsPanel[];
}

const base = { arms: 5, width: 32, norm: true, passes: 4, lambda: 0.3, entropy: 0.01 };
/** By the number of pulls. */
const teachings: Record<number, Teaching> = {
  5: { ...base, arms: 2, pulls: 5, width: 8, rounds: 20, episodes: 400, batch: 100, lr: 3e-3 },
  10: { ...base, pulls: 10, rounds: 300, episodes: 500, batch: 125, lr: 1e-3 },
  100: { ...base, pulls: 100, rounds: 400, episodes: 400, batch: 50, lr: 1e-3 },
};

/** Mishra et al. 2018, table 3, of 1,000 episodes. */
const papers: Record<number, { target: number; paper: string }> = {
  10: { target: 6.6, paper: '6.6 ± 0.1 SNAIL, 6.6 Gittins index' },
  100: { target: 77.9, paper: '79.1 ± 1.0 SNAIL, 78.3 Gittins index' },
};

/** Episodes per mean: a standard error of 0.016 at 10 pulls, 0.11 at 100. */
const COUNT = 20_000;
/** Bandits to watch the learning on, and those that are reported, which nothing was chosen by. */
const [WATCHED, REPORTED] = [key(0xba2d17), key(0x5eed)];

const less = (a: readonly number[], b: readonly number[]) => a.map((one, i) => one - (b[i] as number));

/** Some episodes with where the learner looked before each pull. */
function shown(model: Parameters<typeof playing>[0], { arms, pulls }: Teaching): PullsPanel[] {
  const [batch, most] = [4, 20]; // longer episodes are drawn up to there
  const chances = banditProblems(REPORTED, { batch, arms });
  const { action, reward } = playBandits(playing(model, 'greedy'), chances, { pulls, key: REPORTED });
  const [weights] = infer(() => model.forward(banditInputs({ action, reward }, arms), { weights: true })).weights ?? [];
  const [a, r, w, p] = [action.toArray(), reward.toArray(), weights?.toArray() ?? [], chances.toArray()];
  const count = Math.min(pulls, most);
  return Array.from({ length: batch }, (_, b) => ({
    arms,
    actions: Array.from(a.slice(b * pulls, b * pulls + count)),
    rewards: Array.from(r.slice(b * pulls, b * pulls + count)),
    weights: Array.from({ length: count }, (_, t) => Array.from(w.slice((b * pulls + t) * pulls, (b * pulls + t) * pulls + count))),
    chances: Array.from(p.slice(b * arms, (b + 1) * arms)),
    title: `episode ${b + 1}`,
  }));
}

async function job({ pulls, key: seed }: Settings, context: Parameters<Recipe['job']>[1]): Promise<Outcome> {
  const teaching = teachings[pulls] as Teaching;
  const asked = { arms: teaching.arms, pulls, count: context.quick ? 2000 : COUNT, from: REPORTED };
  const { model, curve, parameters } = await taught(
    teaching,
    context,
    seed,
    (learner) => meanOf(rewardsOf(playing(learner, 'drawn'), { ...asked, count: context.quick ? 200 : 2000, from: WATCHED })).mean,
  );
  const greedy = rewardsOf(playing(model, 'greedy'), asked);
  const index = rewardsOf(indexPolicy(pulls), asked);
  const rest: Record<string, BanditPolicy> = {
    'posterior mean': greedyArm,
    'optimistic Thompson': optimisticThompson,
    Thompson: thompson,
    random: randomArm,
  };
  const others = Object.entries(rest).map(([name, policy]): [string, Mean] => [name, meanOf(rewardsOf(policy, asked))]);
  return {
    parameters,
    curve,
    greedy: meanOf(greedy),
    drawn: meanOf(rewardsOf(playing(model, 'drawn'), asked)),
    behind: meanOf(less(index, greedy)),
    others: { 'index policy': meanOf(index), ...Object.fromEntries(others) },
    optimum: pulls <= 10 ? banditOptimum({ arms: teaching.arms, pulls }) : null,
    shown: shown(model, teaching),
  };
}

function rows(finished: readonly Finished<Settings, Outcome>[]): Row[] {
  const [first] = finished;
  if (!first) return [];
  const { pulls } = first.settings;
  const { others, optimum, greedy } = first.outcome;
  const { arms } = teachings[pulls] as Teaching;
  const known = papers[pulls];
  const baseline = Object.entries(others).map(([name, { mean }]) => `${mean.toFixed(2)} ${name}`).join(', '); // biome-ignore format: one line
  const figure = (how: string) => `reward of ${pulls} pulls at ${arms} arms, ${how}`;
  const each = (of: (outcome: Outcome) => Mean) => finished.map(({ outcome }) => of(outcome).mean);
  const told = known && { target: { atLeast: known.target }, paper: known.paper };
  return [
    { figure: figure('most probable choice'), ours: each((outcome) => outcome.greedy), digits: 3, ...told, baseline },
    { figure: figure('choice drawn'), ours: each((outcome) => outcome.drawn), digits: 3, ...told },
    { figure: 'less than the index policy on the same bandits with the same luck', ours: each((outcome) => outcome.behind), digits: 3 },
    ...(optimum === null ? [] : [{ figure: 'the exact optimum, in the mean over all bandits', ours: [optimum], digits: 3 }]),
    { figure: 'standard error of each mean', ours: [greedy.error], digits: 3 },
  ];
}

const lines = (finished: readonly Finished<Settings, Outcome>[]) => {
  const [first] = finished;
  const last = first?.outcome.curve.at(-1)?.step ?? 1;
  const level = (name: string, value: number) => ({ name, points: [[0, value], [last, value]] as const }); // biome-ignore format: one line
  return [
    ...finished.map(({ settings, outcome }) => ({
      name: `SNAIL, key ${settings.key}`,
      points: outcome.curve.flatMap(({ step, metric }) => (metric === undefined ? [] : [[step, metric] as const])),
    })),
    ...Object.entries(first?.outcome.others ?? {})
      .filter(([name]) => name !== 'random')
      .map(([name, { mean }]) => level(name, mean)),
  ];
};

const recipeOf = (pulls: number, parts: Pick<Recipe, 'name' | 'shows'> & { asked?: string }): Recipe<Settings, Outcome> => ({
  ...parts,
  papers: ['Mishra, Rohaninejad, Chen and Abbeel 2018', 'Schulman et al. 2017'],
  jobs: ({ keys, quick }: RecipeOptions) =>
    Array.from({ length: keys }, (_, at) => ({
      name: `pulls-${quick ? 5 : pulls}-${at}`,
      settings: { pulls: quick ? 5 : pulls, key: at },
    })),
  job,
  rows,
  pictures: async (finished) => ({
    pulls: pullsSvg(finished[0]?.outcome.shown ?? [], { columns: 2 }),
    curve: await linesSvg(lines(finished), { x: 'step', y: 'reward of an episode' }),
  }),
});

export const bandits = recipeOf(10, {
  name: 'bandits',
  shows: 'SNAIL learns to play bandits by playing others: 5 arms, 10 pulls, and every policy plays the same 20,000 with the same luck.',
});

/** The long run: exploration is worth something only where there is time to profit from it. */
export const banditsHundred = recipeOf(100, {
  name: 'bandits-hundred',
  asked: 'bandits --model hundred',
  shows: 'SNAIL learns to play bandits of 5 arms for 100 pulls, where who explores wins.',
});
