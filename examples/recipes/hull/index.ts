// A pointer network learns convex hulls of points in the unit square.
import { distinct } from 'saccade/models';
import { pathsSvg } from 'saccade/plot';
import { hullProblems, isSimplePolygon, polygonArea } from 'saccade/tasks';
import { linesSvg } from '../../runner/chart.ts';
import type { Point, Recipe } from '../../runner/recipe.ts';
import { type Answer, answers, type PointTeaching, type Task, taught } from '../../shared/pointing.ts';

interface Settings {
  key: number;
}

/** Answers to problems of one size. */
interface Measured {
  points: number;
  /** Shares of problems: answered with exactly the hull; with a simple polygon. */
  exact: number;
  simple: number;
  /** Mean share of the hull's area that the simple polygons cover. */
  area: number;
  /** Results of the baseline: all points, in order around their mean. */
  trivial: number;
}

interface Outcome {
  parameters: number;
  curve: Point[];
  measured: Measured[];
  drawn: Answer[];
}

const task: Task = { problems: hullProblems, constraint: distinct, beam: 3 };
const usual: PointTeaching = {
  hidden: 128,
  bidirectional: true,
  least: 5,
  most: 50,
  rise: 0.5,
  batch: 1200,
  steps: 130_000,
  lr: 2e-3,
  warmup: 200,
};
const small: PointTeaching = { ...usual, hidden: 32, least: 4, most: 5, rise: 0, batch: 320, steps: 700, lr: 1e-2, warmup: 30 };

/** A name of a polygon, independent of the first corner and the direction (the paper's §4.2). */
function nameOf(polygon: readonly number[]): string {
  const at = polygon.indexOf(Math.min(...polygon));
  const turned = [...polygon.slice(at), ...polygon.slice(0, at)];
  const [first = 0, ...rest] = turned;
  return [first, ...((rest[0] ?? 0) > (rest.at(-1) ?? 0) ? rest.reverse() : rest)].join();
}

const share = (list: readonly Answer[], right: (answer: Answer) => boolean) => list.filter(right).length / list.length;
const isExact = ({ chosen, right }: Answer) => nameOf(chosen) === nameOf(right);

function measure(points: number, list: readonly Answer[]): Measured {
  const simple = list.filter((answer) => isSimplePolygon(answer.points, answer.chosen));
  const covered = simple.map((answer) => Math.abs(polygonArea(answer.points, answer.chosen)) / polygonArea(answer.points, answer.right));
  return {
    points,
    exact: share(list, isExact),
    simple: simple.length / list.length,
    area: covered.reduce((a, b) => a + b, 0) / Math.max(1, covered.length),
    trivial: share(list, ({ right }) => right.length === points),
  };
}

/** Vinyals et al. 2015, table 1, for a pointer network trained on 5 to 50 points. */
const paper: Record<number, { exact: string; area: string }> = {
  5: { exact: '92.0', area: '99.6' },
  10: { exact: '87.0', area: '99.8' },
  50: { exact: '69.6', area: '99.9' },
  100: { exact: '50.3', area: '99.9' },
};
const targets: Record<number, number> = { 5: 92, 10: 87, 50: 60 };

export const hull: Recipe<Settings, Outcome> = {
  name: 'hull',
  shows: 'A pointer network taught convex hulls of 5 to 50 points, on other points and on more of them.',
  papers: ['Vinyals, Fortunato and Jaitly 2015'],
  jobs: ({ keys }) => Array.from({ length: keys }, (_, key) => ({ name: `pointer-${key}`, settings: { key } })),
  async job({ key }, context) {
    const teaching = context.quick ? small : usual;
    const { network, curve, parameters } = await taught(task, teaching, context, { key, measure: (list) => share(list, isExact) });
    const sizes = context.quick ? [5] : [5, 10, 50, 100];
    const found = sizes.map((points) => answers(network, task, { points, count: context.quick ? 400 : 2000 }));
    const measured = found.map((list, i) => measure(sizes[i] as number, list));
    return { parameters, curve, measured, drawn: found.flatMap((list) => list.slice(0, 3)) };
  },
  rows: (finished) => {
    const outcomes = finished.map(({ outcome }) => outcome);
    const [first] = outcomes;
    const percent = (points: number, of: 'exact' | 'simple' | 'area' | 'trivial') =>
      outcomes.flatMap(({ measured }) => measured.filter((one) => one.points === points).map((one) => 100 * one[of]));
    return (first?.measured ?? []).flatMap(({ points }) => {
      const [target, trivial = 0] = [targets[points], percent(points, 'trivial')[0]];
      return [
        {
          figure: `the very hull, n = ${points}`,
          ours: percent(points, 'exact'),
          unit: '%',
          digits: 1,
          ...(target ? { target: { atLeast: target } } : {}),
          paper: `${paper[points]?.exact}`,
          baseline: `${trivial.toFixed(1)} %, all points are corners`,
        },
        {
          figure: `area of the hull covered, n = ${points}`,
          ours: percent(points, 'area'),
          unit: '%',
          ...(points <= 50 ? { target: { atLeast: 99.6 } } : {}),
          paper: `${paper[points]?.area}`,
        },
        { figure: `simple polygons, n = ${points}`, ours: percent(points, 'simple'), unit: '%', digits: 1 },
      ];
    });
  },
  pictures: async (finished) => {
    const curves = finished.map(({ name, outcome }) => ({
      name,
      points: outcome.curve.map(({ step, loss }) => [step, loss] as const),
    }));
    const panels = (finished[0]?.outcome.drawn ?? []).map(({ points, chosen, right }) => ({
      points,
      path: chosen,
      reference: right,
      title: `n = ${points.length / 2}${nameOf(chosen) === nameOf(right) ? '' : ', wrong'}`,
    }));
    return {
      drawn: pathsSvg(panels, { columns: 3 }),
      curve: await linesSvg(curves, { x: 'step', y: 'loss, nats a choice', log: true }),
    };
  },
};
