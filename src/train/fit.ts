import { type Position, type Progress, type TrainOptions, train } from './train.ts';

/**
 * Trains to the end: `await fit({ key, batches, loss, optimizer, epochs: 3 }, ({ step, loss }) => console.log(step, loss))`. `each` is
 * called after each step and awaited. Returns the final position, for `start`. Use {@link train} to write the loop yourself.
 */
export async function fit<Batch>(options: TrainOptions<Batch>, each?: (progress: Progress) => unknown): Promise<Position> {
  const run = train(options);
  try {
    for (let next = await run.next(); ; next = await run.next()) {
      if (next.done) return next.value;
      await each?.(next.value);
    }
  } finally {
    await run.return({ epoch: 0, batch: 0, step: 0 }); // closes the batches if `each` threw
  }
}
