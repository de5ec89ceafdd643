// How a character model is taught and measured.
import { AdamW, cosineSchedule, crossEntropy, foldIn, infer, type Key, key, parameters, scope, type Tensor, tensor } from 'saccade';
import { parameterCount } from 'saccade/nn';
import { randomInt } from 'saccade/tensor';
import { type AnyOptimizer, Muon, muonGroups, Optimizers, type Schedule, trapezoidSchedule } from 'saccade/train';
import type { Context, Point } from '../../runner/recipe.ts';
import { CharacterModel, type Choices, type Shape } from './model.ts';
import type { Text } from './text.ts';

/** A model, and how it is taught. */
export interface Lesson extends Shape, Choices {
  steps: number;
  /** Blocks a step. */
  batch: number;
  /** Of AdamW. */
  lr: number;
  /** Of Muon, over the maps within layers; without, they are AdamW's too. */
  muon?: number;
  /** Of Muon. Default 0. */
  decay?: number;
  /** The share of the steps at whose end the rate falls evenly to 0; without, it is a cosine down to a tenth. */
  fall?: number;
  warmup: number;
}

/** What a model reached. */
export interface Learnt {
  /** Mean cross-entropy in nats of every character of the validation part but the first. */
  validation: number;
  /** The mean loss of the last hundredth of the training. */
  train: number;
  parameters: number;
  /** Characters that were read, repeated ones as often as they were. */
  characters: number;
  points: Point[];
}

/** nanoGPT's groups: what is a matrix decays. */
function adam(all: ReadonlyMap<string, Tensor>, lr: number, weightDecay: number): AnyOptimizer {
  const some = (matrix: boolean) => new Map([...all].filter(([, x]) => x.rank > 1 === matrix));
  const groups = [
    { parameters: some(true), weightDecay },
    { parameters: some(false), weightDecay: 0 },
  ].filter(({ parameters }) => parameters.size > 0);
  return new AdamW(groups, { lr, beta1: 0.9, beta2: 0.99 });
}

/** AdamW over all, or Muon over the maps within layers and AdamW, without decay, over what is around them. */
function optimizerOf(model: CharacterModel, { lr, muon, decay = 0 }: Lesson): AnyOptimizer {
  if (muon === undefined) return adam(parameters(model), lr, 0.1);
  const { hidden, rest } = muonGroups(model, (path) => !path.startsWith('layers.'));
  return new Optimizers([new Muon(hidden, { lr: muon, weightDecay: decay, momentumWarmup: 300 }), adam(rest, lr, 0)]);
}

function scheduleOf({ lr, muon, steps, warmup, fall }: Lesson): Schedule {
  const top = muon ?? lr;
  if (fall === undefined) return cosineSchedule(top, { steps, warmup, minimum: top / 10 });
  return trapezoidSchedule(top, { steps, warmup, fall });
}

/** Blocks and, behind each character, its next: `[B, T]` each. */
interface Blocks {
  input: Int32Array;
  target: Int32Array;
  time: number;
}

function blocksAt(text: Int32Array, starts: readonly number[], time: number): Blocks {
  const gathered = (shift: number) => {
    const rows = new Int32Array(starts.length * time);
    for (const [i, start] of starts.entries()) rows.set(text.subarray(start + shift, start + shift + time), i * time);
    return rows;
  };
  return { input: gathered(0), target: gathered(1), time };
}

function lossOf(model: CharacterModel, { input, target, time }: Blocks, options: { key?: Key } = {}): Tensor {
  return crossEntropy(model.forward(input, time, options), tensor(target, { shape: [input.length / time, time] }));
}

/** The mean loss of every character of a text but the first, in blocks side by side; of one in `every` blocks where that is given. */
export function measured(model: CharacterModel, text: Int32Array, block: number, every = 1): number {
  const starts: number[] = [];
  for (let start = 0; start + 1 < text.length; start += block * every) starts.push(start);
  const lengthOf = (start: number) => Math.min(block, text.length - 1 - start);
  let [total, count] = [0, 0];
  for (let at = 0; at < starts.length; ) {
    const time = lengthOf(starts[at] as number);
    const some = starts.slice(at, at + 64).filter((start) => lengthOf(start) === time);
    const mean = scope(() => infer(() => lossOf(model, blocksAt(text, some, time)).item()));
    total += mean * some.length * time;
    count += some.length * time;
    at += some.length;
  }
  return total / count;
}

/** Trains a model on random blocks of the training part, and measures it on the whole validation part. No choice is made by the latter. */
export async function learnt(lesson: Lesson, text: Text, context: Context, index = 0): Promise<Learnt> {
  const { block, batch, steps, dropout } = lesson;
  const model = new CharacterModel(text.symbols.length, lesson, lesson, foldIn(key(51), index));
  const { train, validation } = text;
  function* batches(_epoch: number, from: Key) {
    for (let step = 0; step < steps; step++) {
      const own = foldIn(from, step);
      yield blocksAt(
        train,
        Array.from({ length: batch }, (_, i) => randomInt(own, i, train.length - block)),
        block,
      );
    }
  }
  const points = await context.train({
    model,
    optimizer: optimizerOf(model, lesson),
    key: foldIn(key(52), index),
    batches,
    loss: (blocks, { key: step }) => lossOf(model, blocks, dropout > 0 ? { key: step } : {}),
    steps,
    schedule: scheduleOf(lesson),
    clip: 1,
    evaluate: () => measured(model, validation, block, 20),
    every: Math.ceil(steps / 20),
  });
  return {
    validation: measured(model, validation, block),
    train: points.at(-1)?.loss ?? Number.NaN,
    parameters: parameterCount(model),
    characters: steps * batch * block,
    points,
  };
}
