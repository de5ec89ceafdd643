import { backend } from '../runtime/backend.ts';
import { expectSynchronous } from '../runtime/synchronous.ts';
import { observedBy } from '../tensor/observe.ts';

/** What the calls of one op took. */
export interface OpCost {
  op: string;
  calls: number;
  /** In milliseconds: from the end of the op before, so that what ops are made of counts once, and host code counts with the op it led to. */
  time: number;
  /** Allocated on the way, in blocks of the memory: results, and room that was free again at once. */
  bytes: number;
}

/** What {@link profile} found. */
export interface Profile<T> {
  result: T;
  /** The op that took longest first; all but `rest` add up to the whole. */
  ops: OpCost[];
  /** From the last op to the end of `fn`. */
  rest: Omit<OpCost, 'op' | 'calls'>;
}

/**
 * Runs `fn`, which is synchronous, and says what each op took: calls, time and bytes. An op that is composed of others counts as those; the fused
 * gradient of an op counts as `… gradient`, an optimiser's step under its name. `console.table(profile(() => step()).ops)`.
 */
export function profile<T>(fn: () => T): Profile<T> {
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
    time = performance.now(); // the books are kept at nobody's expense
  }, fn);
  expectSynchronous('profile', result);
  return { result, ops: [...costs.values()].sort((a, b) => b.time - a.time), rest: lap() };
}
