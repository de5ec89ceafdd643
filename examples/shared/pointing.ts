// Shared parts of recipes over points: a pointer network, its training, and how its answers are measured.
import { Adam, cosineSchedule, foldIn, type Key, key, mul, PointerNetwork, parameters, scope, sub, type Tensor } from 'saccade';
import type { Hypothesis } from 'saccade/decode';
import { type Constraint, choices } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import type { PointProblems } from 'saccade/tasks';
import { randomInt } from 'saccade/tensor';
import type { Context, Point } from '../runner/recipe.ts';

/** Draws problems of one size. */
export type Problems = (from: Key, sizes: { batch: number; points: number }) => PointProblems;

/** Sizes and training of a network. */
export interface PointTeaching {
  hidden: number;
  bidirectional: boolean;
  /**
   * Number of points of a problem, from the least to the most; small problems are more frequent. All problems of a batch have the same
   * number.
   */
  least: number;
  most: number;
  /** Share of the steps over which the maximum rises from `least`: learning on small problems is cheaper. Default 0. */
  rise?: number;
  /** Total points in a batch: smaller problems make larger batches. */
  batch: number;
  steps: number;
  /** Peak of the learning rate after `warmup` steps; half a cosine then leads to 0. */
  lr: number;
  warmup: number;
}

/** The task of a recipe. */
export interface Task {
  problems: Problems;
  constraint: Constraint;
  beam: number;
}

/** An answer, in the form that is kept and drawn. */
export interface Answer {
  points: number[];
  chosen: number[];
  right: number[];
}

/** Points of the unit square, standardised to mean 0 and variance 1, so that their differences count from the start. */
const spread = (points: Tensor) => mul(sub(points, 0.5), Math.sqrt(12));

/** A number in [0, 1), the square of a uniform one, so that small numbers are more frequent. */
function skew(from: Key, i: number): number {
  const uniform = randomInt(from, i, 2 ** 24) / 2 ** 24;
  return uniform * uniform;
}

/** Batches per epoch: a resumed run has to draw at most one epoch again. */
const EPOCH = 100;

/** A trained network's curve, size and answers. */
export interface Pupil {
  network: PointerNetwork;
  curve: Point[];
  parameters: number;
}

/** Answers to held-out problems of one size, drawn with keys that training never uses. */
export function answers(network: PointerNetwork, task: Task, sizes: { points: number; count: number }): Answer[] {
  const { points, count } = sizes;
  const batch = Math.max(1, Math.floor(5000 / points));
  const found: Answer[] = [];
  for (let at = 0; at < count; at += batch) {
    const from = foldIn(foldIn(key(77), points), at);
    const [each, right, chosen] = scope((): [PointProblems['each'], PointProblems['answers'], Hypothesis[]] => {
      const drawn = task.problems(from, { batch: Math.min(batch, count - at), points });
      const { beam, constraint } = task;
      return [drawn.each, drawn.answers, network.choose(spread(drawn.points), { beam, constraint })];
    });
    chosen.forEach(({ tokens }, i) => {
      found.push({ points: Array.from(each[i] ?? []), chosen: tokens, right: right[i] ?? [] });
    });
  }
  return found;
}

/** Trains a network with the problems' own answers: Adam, gradients clipped to norm 1. `metric` is computed by `measure` on 200 answers. */
export async function taught(
  task: Task,
  teaching: PointTeaching,
  context: Pick<Context, 'train'>,
  options: { key: number; measure: (answers: Answer[]) => number },
): Promise<Pupil> {
  const { hidden, bidirectional, least, most, rise = 0, batch, steps, lr, warmup } = teaching;
  const network = new PointerNetwork({ input: 2, hidden, bidirectional }, foldIn(key(1), options.key));
  const optimizer = new Adam(parameters(network), { lr });
  const mostAt = (step: number) => Math.floor(least + (most - least) * (rise > 0 ? Math.min(1, step / (rise * steps)) : 1));
  function* batches(epoch: number, from: Key): Generator<{ points: Tensor; target: Tensor }> {
    for (let i = 0; i < EPOCH; i++) {
      const points = least + Math.floor((mostAt(epoch * EPOCH + i) - least + 1) * skew(from, i));
      const drawn = task.problems(foldIn(from, i), { batch: Math.ceil(batch / points), points });
      yield { points: spread(drawn.points), target: choices(drawn.answers) };
    }
  }
  const curve = await context.train({
    model: network,
    optimizer,
    key: foldIn(key(3), options.key),
    batches,
    loss: ({ points, target }) => network.loss(points, target),
    steps,
    schedule: cosineSchedule(lr, { steps, warmup }),
    clip: 1,
    evaluate: () => options.measure(answers(network, { ...task, beam: 1 }, { points: most, count: 200 })),
    every: Math.ceil(steps / 20),
  });
  return { network, curve, parameters: parameterCount(network) };
}
