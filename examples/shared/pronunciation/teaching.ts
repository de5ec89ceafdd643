import {
  Adam,
  bucketBatches,
  cosineSchedule,
  crossEntropy,
  foldIn,
  type Key,
  key,
  type Position,
  type Progress,
  padBatch,
  parameters,
  type Tensor,
  type TrainOptions,
  train,
} from 'saccade';
import { permutation } from 'saccade/tensor';
import type { Dictionary } from './cmudict.ts';
import { type Model, type Shape, Speaker } from './speaker.ts';

/** Sizes and training of a speaker. */
export interface Teaching extends Omit<Shape, 'letters' | 'phones'> {
  epochs: number;
  batch: number;
  /** Peak of the learning rate after `warmup` steps; half a cosine then leads to 0. */
  lr: number;
  warmup: number;
  labelSmoothing: number;
  /** Beam width when the result is measured. */
  beam: number;
}

/** A few minutes on one core. */
export const quick: Teaching = {
  attention: true,
  hidden: 128,
  embedding: 64,
  layers: 1,
  dropout: 0.1,
  members: 1,
  epochs: 2,
  batch: 32,
  lr: 4e-3,
  warmup: 200,
  labelSmoothing: 0.05,
  beam: 4,
};

/** Most of an hour on two cores. */
export const full: Teaching = {
  ...quick,
  hidden: 256,
  embedding: 128,
  dropout: 0.2,
  members: 2,
  epochs: 8,
  batch: 64,
  lr: 2e-3,
  warmup: 500,
};

/** The same without attention, widened to the same parameter count. */
export function withoutAttention(how: Teaching): Teaching {
  return { ...how, attention: false, hidden: Math.round(how.hidden * 1.156) };
}

/** Total steps of a member. */
export function stepsOf(dictionary: Dictionary, { epochs, batch }: Teaching): number {
  const examples = dictionary.train.reduce((sum, { pronunciations }) => sum + pronunciations.length, 0);
  return epochs * Math.ceil(examples / batch);
}

/** The optimiser of a member. */
export function optimizerOf(model: Model, how: Teaching): Adam {
  return new Adam(parameters(model), { lr: how.lr });
}

/**
 * How a model is trained: cross entropy of the true phones under teacher forcing, Adam, gradients clipped to norm 1. The metric is the
 * phone error rate on some development words.
 */
export function teaching(
  model: Model,
  shape: Shape,
  dictionary: Dictionary,
  how: Teaching,
  options: { member: number; optimizer: Adam },
): TrainOptions<{ source: Tensor; target: Tensor }> & { optimizer: Adam; steps: number } {
  const speaker = new Speaker(shape, [model]);
  const examples = dictionary.train.flatMap(({ word, pronunciations }) =>
    pronunciations.map((phones) => ({ source: speaker.alphabets.encode(word), target: speaker.alphabets.encodePhones(phones) })),
  );
  const lengths = examples.map(({ source, target }) => [source.length, target.length]);
  const sample = Array.from(permutation(key(2), dictionary.dev.length).subarray(0, 400)).flatMap((i) => dictionary.dev[i] ?? []);
  const steps = stepsOf(dictionary, how);
  const { lr, warmup, batch, labelSmoothing } = how;

  function* batches(_epoch: number, from: Key): Generator<{ source: Tensor; target: Tensor }> {
    for (const indices of bucketBatches(lengths, { batchSize: batch, key: from, bucketWidth: 2 })) {
      const some = indices.flatMap((i) => examples[i] ?? []);
      yield {
        source: padBatch(some.map(({ source }) => source)).tokens,
        target: padBatch(some.map(({ target }) => target)).tokens,
      };
    }
  }

  return {
    key: foldIn(key(3), options.member),
    batches,
    loss: ({ source, target }, { key: from }) =>
      crossEntropy(model.forward(source, target, { key: from }), target, { ignoreIndex: 0, labelSmoothing }),
    optimizer: options.optimizer,
    steps,
    schedule: cosineSchedule(lr, { steps, warmup: Math.min(warmup, steps - 1) }),
    clip: 1,
    evaluate: () => speaker.rate(sample).tokenErrorRate,
    every: 500,
  };
}

/** Trains a member. Yields the events of the training loop. */
export function teach(
  model: Model,
  shape: Shape,
  dictionary: Dictionary,
  how: Teaching,
  options: { member: number; optimizer: Adam; signal: AbortSignal; start?: Position },
): AsyncGenerator<Progress, Position> {
  const { signal, start } = options;
  return train({ ...teaching(model, shape, dictionary, how, options), signal, ...(start ? { start } : {}) });
}
