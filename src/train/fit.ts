import { type Position, type Progress, type TrainOptions, train } from './train.ts';

/**
 * Trains to the end: `await fit({ key, batches, loss, optimizer, epochs: 3 }, ({ step, loss }) => console.log(step, loss))`. `each` is told after
 * each step and waited for. Returns the position it ended at, for `start`. {@link train} is the same as a loop of your own.
 */
export async function fit<Batch>(options: TrainOptions<Batch>, each?: (progress: Progress) => unknown): Promise<Position> {
  const run = train(options);
  try {
    for (let next = await run.next(); ; next = await run.next()) {
      if (next.done) return next.value;
      await each?.(next.value);
    }
  } finally {
    await run.return({ epoch: 0, batch: 0, step: 0 }); // closes the batches where `each` threw
  }
}
