// What an op reads for its gradient must be as it was when the op ran: else the gradient would be that of another function.

import type { Storage } from '../runtime/storage.ts';
import { type Shape, show } from './shape.ts';

/** An op whose gradient is being worked out. */
interface Reader {
  readonly name: string;
  /** When the op ran. */
  readonly order: number;
}

/** When the op ran for whose gradient tensors are being read; later than any time while it is for none. */
export let since = Number.POSITIVE_INFINITY;

let reader: Reader | null = null;

/** Is told when somebody outside ops is given elements, who may write them too where `written`. */
type Notice = (x: object, written: boolean) => void;

/** Who is told, if anybody: a live binding. */
export let notice: Notice | null = null;

/** Runs `fn` with `next` told of reads, after those who are told already. */
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

/** From here on tensors are read for the gradient of `next`, or for none. Returns for whose they were read before. */
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
