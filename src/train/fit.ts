import { maybe, ruleOf } from '../tensor/check.ts';
import { type Position, type Progress, type TrainOptions, train } from './train.ts';

/** The parts of a training run, and who is told of it. */
export interface FitOptions<Batch> extends TrainOptions<Batch> {
  /** Called after each step, and awaited. If it returns false, the run stops there. */
  onProgress?: ((progress: Progress) => unknown) | undefined;
}

const isCallback = /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function'));

/**
 * Trains to the end: `await fit({ key, batches, loss, optimizer, epochs: 3, onProgress: ({ step, loss }) => console.log(step, loss) })`. Returns
 * the final position, for `start`. Use {@link train} to write the loop yourself.
 */
export async function fit<Batch>(options: FitOptions<Batch>): Promise<Position> {
  const { onProgress, ...parts } = Object(options) as FitOptions<Batch>;
  isCallback('fit', 'onProgress', onProgress);
  const run = train(parts);
  try {
    for (let next = await run.next(); ; next = await run.next()) {
      if (next.done) return next.value;
      if ((await onProgress?.(next.value)) === false) return next.value.position;
    }
  } finally {
    await run.return({ epoch: 0, batch: 0, step: 0 }); // closes the batches
  }
}
