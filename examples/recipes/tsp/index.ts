// A pointer network learns shortest tours, from exact ones; beam search keeps to valid tours.
import { everyItemOnce } from 'saccade/models';
import { pathsSvg } from 'saccade/plot';
import { distance, tourLength, tourProblems } from 'saccade/tasks';
import { linesSvg } from '../../runner/chart.ts';
import type { Point, Recipe, Row } from '../../runner/recipe.ts';
import { type Answer, answers, type PointTeaching, type Task, taught } from '../../shared/pointing.ts';

interface Settings {
  points: number;
  key: number;
}

/** Mean tour lengths, and the share of shortest tours. */
interface Outcome {
  parameters: number;
  curve: Point[];
  length: number;
  greedy: number;
  shortest: number;
  exact: number;
  nearest: number;
  random: number;
  drawn: Answer[];
}

const task: Task = { problems: tourProblems, constraint: everyItemOnce, beam: 5 };
const base = { hidden: 128, bidirectional: true, lr: 2e-3, warmup: 200 };
const usual: Record<number, PointTeaching> = {
  5: { ...base, least: 5, most: 5, batch: 160, steps: 80_000 },
  10: { ...base, least: 10, most: 10, batch: 320, steps: 120_000 },
};
/**
 * Problems per mean length. The shortest tours of 5 cities have a standard deviation of 0.4, so the mean of 10,000 has a standard error of
 * 0.004.
 */
const asked: Record<number, number> = { 5: 100_000, 10: 10_000 };
const small: PointTeaching = { ...base, least: 4, most: 4, hidden: 32, batch: 256, steps: 700, lr: 1e-2, warmup: 30 };

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const lengthOf = ({ points, chosen }: Answer) => tourLength(points, chosen);
const inOrder = (points: readonly number[]) => Array.from({ length: points.length / 2 }, (_, i) => i);

/** Always goes to the nearest city not yet visited. */
function nearest(points: readonly number[]): number[] {
  const left = new Set(inOrder(points).slice(1));
  const tour = [0];
  while (left.size > 0) {
    const here = tour.at(-1) as number;
    const next = [...left].reduce((a, b) => (distance(points, here, b) < distance(points, here, a) ? b : a));
    left.delete(next);
    tour.push(next);
  }
  return tour;
}

/** Vinyals et al. 2015, table 2. */
const paper: Record<number, { ours: string; target: number }> = {
  5: { ours: '2.12 (optimal 2.12)', target: 2.13 },
  10: { ours: '2.88 (optimal 2.87)', target: 2.89 },
};

export const tsp: Recipe<Settings, Outcome> = {
  name: 'tsp',
  shows:
    'Pointer networks taught shortest tours by exact ones (Held and Karp 1962), on 100,000 (5 cities) and 10,000 (10 cities) other problems; a beam keeps to valid tours.',
  papers: ['Vinyals, Fortunato and Jaitly 2015'],
  jobs: ({ keys, quick }) =>
    Array.from({ length: keys }, (_, key) =>
      (quick ? [4] : [10, 5]).map((points) => ({ name: `cities-${points}-${key}`, settings: { points, key } })),
    ).flat(),
  async job({ points, key }, context) {
    const teaching = usual[points] ?? small;
    const metric = (list: readonly Answer[]) => mean(list.map(lengthOf));
    const { network, curve, parameters } = await taught(task, teaching, context, { key, measure: metric });
    const count = asked[points] ?? 500;
    const list = answers(network, task, { points, count });
    const greedy = answers(network, { ...task, beam: 1 }, { points, count });
    const shortest = list.map((answer) => tourLength(answer.points, answer.right));
    return {
      parameters,
      curve,
      length: metric(list),
      greedy: metric(greedy),
      shortest: mean(shortest),
      exact: mean(list.map((answer, i) => (lengthOf(answer) < (shortest[i] as number) * (1 + 1e-9) ? 1 : 0))),
      nearest: mean(list.map((answer) => tourLength(answer.points, nearest(answer.points)))),
      random: mean(list.map((answer) => tourLength(answer.points, inOrder(answer.points)))),
      drawn: list.slice(0, 6),
    };
  },
  rows: (finished) =>
    [...new Set(finished.map(({ settings }) => settings.points))]
      .toSorted((a, b) => a - b)
      .flatMap((points): Row[] => {
        const outcomes = finished.filter(({ settings }) => settings.points === points).map(({ outcome }) => outcome);
        const [first] = outcomes;
        const told = paper[points];
        return [
          {
            figure: `mean length of a tour of ${points} cities, beam of ${task.beam}`,
            ours: outcomes.map(({ length }) => length),
            digits: 3,
            ...(told ? { target: { atMost: told.target }, paper: told.ours } : {}),
            baseline: `${first?.nearest.toFixed(3)} nearest city, ${first?.random.toFixed(3)} random`,
          },
          { figure: `the same, greedy`, ours: outcomes.map(({ greedy }) => greedy), digits: 3 },
          { figure: `the shortest tours of ${points} cities (exact)`, ours: outcomes.map(({ shortest }) => shortest), digits: 3 },
          { figure: `shortest tours found, ${points} cities`, ours: outcomes.map(({ exact }) => 100 * exact), unit: '%', digits: 1 },
        ];
      }),
  pictures: async (finished) => {
    const first = finished.filter(({ settings }) => settings.key === 0);
    const curves = first.map(({ settings, outcome }) => ({
      name: `${settings.points} cities`,
      points: outcome.curve.map(({ step, loss }) => [step, loss] as const),
    }));
    const panels = finished.flatMap(({ outcome }) =>
      outcome.drawn.slice(0, 3).map((answer) => ({
        points: answer.points,
        path: answer.chosen,
        reference: answer.right,
        title: `${lengthOf(answer).toFixed(3)}, best ${tourLength(answer.points, answer.right).toFixed(3)}`,
      })),
    );
    return { drawn: pathsSvg(panels, { columns: 3 }), curve: await linesSvg(curves, { x: 'step', y: 'loss, nats a choice', log: true }) };
  },
};
