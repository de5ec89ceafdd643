// What the recipes over points share: a pointer network, how it is taught, and how its answers are measured.
import { Adam, cosineSchedule, foldIn, type Key, key, mul, PointerNetwork, parameters, scope, sub, type Tensor } from 'saccade';
import type { Hypothesis } from 'saccade/decode';
import { type Constraint, choices } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import type { PointProblems } from 'saccade/tasks';
import { randomInt } from 'saccade/tensor';
import type { Context, Point } from '../runner/recipe.ts';

/** Draws problems of one size. */
export type Problems = (from: Key, sizes: { batch: number; points: number }) => PointProblems;

/** How a network is made and taught. */
export interface PointTeaching {
  hidden: number;
  bidirectional: boolean;
  /** Points of a problem, from the least to the most, few of them more often; the problems of one batch have equally many. */
  least: number;
  most: number;
  /** Share of the steps over which the most points rise from `least`: what is learnt on few of them is cheaper. Default 0. */
  rise?: number;
  /** Points of all problems of a batch together: the smaller they are, the more of them. */
  batch: number;
  steps: number;
  /** Peak of the learning rate, after `warmup` steps; half a cosine leads down to 0. */
  lr: number;
  warmup: number;
}

/** What is asked for, and how. */
export interface Task {
  problems: Problems;
  constraint: Constraint;
  beam: number;
}

/** An answer, as it is kept and drawn. */
export interface Answer {
  points: number[];
  chosen: number[];
  right: number[];
}

/** Points of the unit square, moved and stretched to mean 0 and variance 1: at first each of their differences counts. */
const spread = (points: Tensor) => mul(sub(points, 0.5), Math.sqrt(12));

/** From 0 to below 1, more often little: the square of a uniform number. */
function skew(from: Key, i: number): number {
  const uniform = randomInt(from, i, 2 ** 24) / 2 ** 24;
  return uniform * uniform;
}

/** Problems a batch of an epoch: what a resumed run has to draw again is less than that. */
const EPOCH = 100;

/** A taught network's curve, size and answers. */
export interface Pupil {
  network: PointerNetwork;
  curve: Point[];
  parameters: number;
}

/** Answers to held-out problems of one size; no key of training draws them. */
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

/** Teaches a network by the problems' own answers: Adam, gradients clipped to norm 1. `metric` is what `measure` says of 200 answers. */
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
