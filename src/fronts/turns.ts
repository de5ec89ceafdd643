import { infer } from '../autograd/infer.ts';
import { othersTurn } from '../runtime/turn.ts';

/** Milliseconds of work before others get their turn: with a piece of work of the size that fronts cut, less than a frame of 16 ms together. */
export const BUSY = 6;

/** Does one piece of work after the other, each as inference in a scope of its own, and gives others their turn in between. */
export async function inTurns<TextPiece, Result>(
  pieces: Iterable<TextPiece>,
  work: (piece: TextPiece) => Result,
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
