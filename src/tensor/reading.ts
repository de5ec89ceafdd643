// A tensor that an op reads for its gradient must be unchanged since the op ran; otherwise the gradient would belong to another function.

import type { Storage } from '../runtime/storage.ts';
import { type Shape, show } from './shape.ts';

/** An op whose gradient is being computed. */
interface Reader {
  readonly name: string;
  /** When the op ran. */
  readonly order: number;
}

/** The time of the op whose gradient is being computed; later than any time when there is none. */
export let since = Number.POSITIVE_INFINITY;

let reader: Reader | null = null;

/** Called when code outside ops reads elements, or may write them (`written`). */
type Notice = (x: object, written: boolean) => void;

/** The active listener, if any: a live binding. */
export let notice: Notice | null = null;

/** Runs `fn` while `next` is told of reads, after the listeners that are already active. */
export function noticedBy<T>(next: Notice, fn: () => T): T {
  const before = notice;
  notice = (x, written) => {
    before?.(x, written);
    next(x, written);
  };
  try {
    return fn();
  } finally {
    notice = before;
  }
}

/** Sets the op for whose gradient tensors are read from now on, or none. Returns the previous one. */
export function readFor(next: Reader | null): Reader | null {
  const before = reader;
  reader = next;
  since = next ? next.order : Number.POSITIVE_INFINITY;
  return before;
}

/** The error for a tensor that was written after the op that now reads it. */
export function changed({ storage, shape, leaf }: { storage: Storage; shape: Shape; leaf: boolean }): Error {
  const op = reader?.name;
  const what = storage.name ? `parameter ${storage.name}` : leaf ? 'a parameter' : 'a tensor';
  return new Error(
    `${op}: what its gradient reads must be as it was in the forward pass, got ${what} of shape ${show(shape)} written since`,
  );
}
