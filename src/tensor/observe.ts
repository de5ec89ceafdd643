// Observers are told which ops run: a tracer, a profiler. Without an observer this costs one comparison per op.

import type { Tensor } from './tensor.ts';

/** The arguments of an op that are not tensors: axes, bounds, lengths, keys. With the inputs they are enough to call it again. */
export type Attributes = Readonly<Record<string, unknown>>;

/** The arguments of one op call. */
export interface Call {
  /** Every tensor that the op reads, differentiable or not, each at its fixed position. The position of an omitted optional tensor is empty. */
  readonly inputs: readonly (Tensor | null | undefined)[];
  /** Every other argument. Default: none. */
  readonly attributes?: Attributes;
}

/** Called after every op. An op without results has changed something in place. */
export type Observer = (op: string, outputs: readonly Tensor[], call: Call) => void;

/** The active observer, if any: a live binding. */
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

/** Runs `fn` while `next` observes its ops, after the observers that are already active. */
export function observedBy<T>(next: Observer, fn: () => T): T {
  const before = observer;
  if (!before) return withObserver(next, fn);
  return withObserver((op, outputs, call) => {
    before(op, outputs, call);
    next(op, outputs, call);
  }, fn);
}

/** Runs `fn`, a composition of ops, and reports it as one op. */
export function asOne<T>(op: string, call: Call, fn: () => T, outputsOf: (result: T) => readonly Tensor[]): T {
  if (!observer) return fn();
  const result = withObserver(null, fn);
  observer(op, outputsOf(result), call);
  return result;
}

/** Whether what could be written in place is made of ops instead, so that a trace can be called again: a live binding. */
export let pure = false;

/** Runs `fn`, in which caches write nothing in place. */
export function purely<T>(fn: () => T): T {
  const before = pure;
  pure = true;
  try {
    return fn();
  } finally {
    pure = before;
  }
}

const NOTHING: Call = { inputs: [] };

/** Reports that `op`, which has no results, ran since the last op: an optimiser's step, the gradient of an op. */
export function passed(op: string): void {
  if (observer) observer(op, [], NOTHING);
}
