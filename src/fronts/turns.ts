import { infer } from '../autograd/infer.ts';
import { othersTurn } from '../runtime/turn.ts';

/** Milliseconds of work before the event loop gets its turn: together with one more piece of work less than a frame of 16 ms. */
export const BUSY = 6;

/** Does one piece of work after the other, each as inference in a scope of its own; the event loop gets its turn in between. */
export async function inTurns<Piece, Result>(
  pieces: Iterable<Piece>,
  work: (piece: Piece) => Result,
  signal?: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  let rested = performance.now();
  for (const piece of pieces) {
    signal?.throwIfAborted();
    results.push(infer(() => work(piece)));
    if (performance.now() - rested < BUSY) continue;
    await othersTurn();
    rested = performance.now();
  }
  return results;
}
