// Which ops run, for whoever wants to know: a tracer, a profiler. With nobody watching it costs one comparison an op.

import type { Tensor } from './tensor.ts';

/** What an op is told beside tensors: axes, bounds, lengths, keys. Enough, with the inputs, to call it again. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What an op was given. */
export interface Call {
  /** Every tensor that it reads, differentiable or not, each at its place; the place of one that may be left out and was is empty. */
  readonly inputs: readonly (Tensor | null | undefined)[];
  readonly attributes?: Attributes;
}

/** Is told of every op when it has run. What has no results changed something where it lies. */
export type Observer = (op: string, outputs: readonly Tensor[], call: Call) => void;

/** Who is told, if anybody: a live binding. */
export let observer: Observer | null = null;

function withObserver<T>(next: Observer | null, fn: () => T): T {
  const before = observer;
  observer = next;
  try {
    return fn();
  } finally {
    observer = before;
  }
}

/** Runs `fn` with `next` told of its ops, after those who are told already. */
export function observedBy<T>(next: Observer, fn: () => T): T {
  const before = observer;
  if (!before) return withObserver(next, fn);
  return withObserver((op, outputs, call) => {
    before(op, outputs, call);
    next(op, outputs, call);
  }, fn);
}

/** Runs `fn`, which is made of ops, as one op. */
export function asOne<T>(op: string, call: Call, fn: () => T, outputsOf: (result: T) => readonly Tensor[]): T {
  if (!observer) return fn();
  const result = withObserver(null, fn);
  observer(op, outputsOf(result), call);
  return result;
}

const NOTHING: Call = { inputs: [] };

/** Says that what ran since the last op was `op`, which has no results: a step of an optimiser, the gradient of an op. */
export function passed(op: string): void {
  if (observer) observer(op, [], NOTHING);
}
