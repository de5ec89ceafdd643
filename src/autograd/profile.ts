import { backend } from '../runtime/backend.ts';
import { expectSynchronous } from '../runtime/synchronous.ts';
import { isFunction } from '../tensor/check.ts';
import { observedBy } from '../tensor/observe.ts';

/** The cost of one op's calls. */
export interface OpCost {
  /** Name of the op. */
  op: string;
  /** Number of calls. */
  calls: number;
  /**
   * In milliseconds, from the end of the previous op: so the parts of an op count once, and host code counts with the op that follows it.
   */
  time: number;
  /** Bytes of memory blocks allocated meanwhile, for results and for temporary space. */
  bytes: number;
}

/** The result of {@link profile}. */
export interface Profile<T> {
  /** The return value of the function. */
  result: T;
  /** Longest first; together with `rest` they add up to the whole. */
  ops: OpCost[];
  /** From the last op to the end of `fn`. */
  rest: Omit<OpCost, 'op' | 'calls'>;
}

/**
 * Runs `fn`, which is synchronous, and reports the calls, time and bytes of each op. An op that is composed of others counts as those; the
 * fused gradient of an op counts as `… gradient`, an optimiser's step under its name. `console.table(profile(() => step()).ops)`.
 */
export function profile<T>(fn: () => T): Profile<T> {
  isFunction('profile', 'fn', fn);
  const { heap } = backend();
  const costs = new Map<string, OpCost>();
  let [time, bytes] = [performance.now(), heap.allocated];
  const lap = () => {
    const before = { time, bytes };
    [time, bytes] = [performance.now(), heap.allocated];
    return { time: time - before.time, bytes: (bytes - before.bytes) * heap.space.unit };
  };
  const result = observedBy((op) => {
    const passed = lap();
    const cost = costs.get(op) ?? { op, calls: 0, time: 0, bytes: 0 };
    cost.calls++;
    cost.time += passed.time;
    cost.bytes += passed.bytes;
    costs.set(op, cost);
    time = performance.now(); // the time of profiling itself counts for no op
  }, fn);
  expectSynchronous('profile', result);
  return { result, ops: [...costs.values()].sort((a, b) => b.time - a.time), rest: lap() };
}
