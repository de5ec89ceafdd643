// Handles a worker that ended in the middle of a call, or does not answer. Unless it is known to have ended, it may still write to the
// call's results at any later time. So the pool is given up. If no other thread can write any more, the calling thread repeats the call;
// otherwise the memory of the results is never reused, and the caller gets an error.
import type { Heap } from '../heap.ts';
import type { Control, Waiting } from './control.ts';
import { type Plan, repeatable } from './split.ts';

/** A pool, from the view of those that give it work. */
export interface Workers {
  readonly threads: number;
  readonly control: Control;
  readonly lost: string | undefined;
  gone(worker: number): boolean;
  abandon(why: string): void;
}

/** A call that did not complete. */
interface Call {
  name: string;
  plan: Plan;
  args: readonly number[];
  /** Runs the whole call on this thread. */
  again: () => void;
}

/** Pauses while stopped workers end: milliseconds each, and how many at most. */
const NAP = 5;
const NAPS = 400;

/** Whether every worker of the call has left it or ended. */
function stopped(control: Control, gone: Waiting['gone'], mayWait: boolean): boolean {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let naps = 0; ; naps++) {
    if (control.busy().every(gone)) return true;
    if (!mayWait || naps === NAPS) return false;
    Atomics.wait(nap, 0, 0, NAP);
  }
}

/** Ends a pool that lost a call, and completes the call if possible. */
export function recover(pool: Workers, heap: Heap, { name, plan, args, again }: Call, { mayWait, patience, gone }: Waiting): void {
  const { control } = pool;
  const why = control.busy().some(gone) ? 'ended in the middle of a call' : `gave no answer in ${patience / 1000} s`;
  pool.abandon(`one ${why}`);
  const quiet = stopped(control, gone, mayWait);
  if (control.busy().length === 0) return; // all have completed their pieces
  if (quiet && repeatable(plan, args)) {
    again();
    return;
  }
  if (!quiet) heap.withhold(args.slice(0, plan.once ? plan.addresses : plan.results));
  throw new Error(
    `threads: a worker ${why}; compute the results of this ${name} again, since they are lost (later calls run on the calling thread)`,
  );
}
