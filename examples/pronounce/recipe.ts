import {
  Adam,
  bucketBatches,
  constant,
  cosine,
  crossEntropy,
  key,
  type Position,
  type Progress,
  padBatch,
  parameters,
  permutation,
  type Tensor,
  train,
} from 'saccade';
import type { Dictionary } from './dictionary.ts';
import type { Shape, Speaker } from './speaker.ts';

/** How a speaker is taught. */
export interface Recipe extends Omit<Shape, 'letters' | 'phones'> {
  epochs: number;
  batch: number;
  lr: number;
  warmup: number;
  labelSmoothing: number;
  /** Hypotheses kept when the result is measured. */
  beam: number;
}

/** A few minutes on one core. */
export const quick: Recipe = {
  attention: true,
  hidden: 128,
  embedding: 64,
  layers: 1,
  dropout: 0.1,
  epochs: 3,
  batch: 64,
  lr: 3e-3,
  warmup: 200,
  labelSmoothing: 0.05,
  beam: 4,
};

/** Most of an hour. */
export const full: Recipe = { ...quick, hidden: 256, embedding: 128, dropout: 0.25, epochs: 10, lr: 2e-3, warmup: 500 };

type Batch = { source: Tensor; target: Tensor };

/** Steps of the whole run. */
export function stepsOf(dictionary: Dictionary, { epochs, batch }: Recipe): number {
  const examples = dictionary.train.reduce((sum, { pronunciations }) => sum + pronunciations.length, 0);
  return epochs * Math.ceil(examples / batch);
}

/**
 * Teaches a speaker: cross entropy of the true phones under teacher forcing, Adam with a cosine schedule, gradients clipped to norm 1.
 * Yields what the training loop yields; `metric` is the phone error rate on some development words.
 */
export function teach(
  speaker: Speaker,
  dictionary: Dictionary,
  recipe: Recipe,
  options: { start?: Position; signal: AbortSignal; optimizer: Adam },
): AsyncGenerator<Progress, Position> {
  const examples = dictionary.train.flatMap(({ word, pronunciations }) =>
    pronunciations.map((phones) => ({ source: speaker.encode(word), target: speaker.encodePhones(phones) })),
  );
  const lengths = examples.map(({ source, target }) => [source.length, target.length]);
  const sample = Array.from(permutation(key(2), dictionary.dev.length).subarray(0, 400), (i) => dictionary.dev[i]).flatMap(
    (entry) => entry ?? [],
  );
  const steps = stepsOf(dictionary, recipe);
  const { lr, warmup, batch, labelSmoothing } = recipe;

  function* batches(_epoch: number, from: ReturnType<typeof key>): Generator<Batch> {
    for (const indices of bucketBatches(lengths, { batchSize: batch, key: from, bucketWidth: 2 })) {
      const some = indices.flatMap((i) => examples[i] ?? []);
      yield {
        source: padBatch(some.map(({ source }) => source)).tokens,
        target: padBatch(some.map(({ target }) => target)).tokens,
      };
    }
  }

  return train<Batch>({
    key: key(3),
    batches,
    loss: ({ source, target }, { key: from }) =>
      crossEntropy(speaker.model.forward(source, target, { key: from }), target, { ignoreIndex: 0, labelSmoothing }),
    optimizer: options.optimizer,
    steps,
    schedule: steps > warmup ? cosine(lr, { steps, warmup }) : constant(lr),
    clip: 1,
    evaluate: () => speaker.rate(sample).tokenErrorRate,
    every: 500,
    signal: options.signal,
    ...(options.start ? { start: options.start } : {}),
  });
}

/** The optimiser a run is trained with. */
export function optimizerOf(speaker: Speaker, recipe: Recipe): Adam {
  return new Adam(parameters(speaker.model), { lr: recipe.lr });
}
