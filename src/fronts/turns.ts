import { infer } from '../autograd/infer.ts';
import { othersTurn } from '../runtime/turn.ts';

/** Milliseconds of work before the event loop gets its turn: together with one more piece of work less than a frame of 16 ms. */
export const BUSY = 6;

/** What is made of one after the other; the event loop gets its turn in between. */
export async function eachInTurns<One, Made>(
  all: Iterable<One>,
  make: (one: One, i: number) => Made,
  signal?: AbortSignal,
): Promise<Made[]> {
  const made: Made[] = [];
  let rested = performance.now();
  for (const one of all) {
    signal?.throwIfAborted();
    made.push(make(one, made.length));
    if (performance.now() - rested < BUSY) continue;
    await othersTurn();
    rested = performance.now();
  }
  return made;
}

/** Does one piece of work after the other, each as inference in a scope of its own, in turns with others. */
export const inTurns = <Piece, Result>(pieces: Iterable<Piece>, work: (piece: Piece) => Result, signal?: AbortSignal): Promise<Result[]> =>
  eachInTurns(pieces, (piece) => infer(() => work(piece)), signal);
