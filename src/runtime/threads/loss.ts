// A worker that ended in the middle of a call, or does not answer. It may still write to what the call writes to, at any later time, unless it
// is known to have ended. So the pool is given up; the call is made again by the calling thread where nobody else can write any more;
// where somebody can, what the call writes to is never handed out again, and the caller is told.
import type { Heap } from '../heap.ts';
import type { Control, Waiting } from './control.ts';
import { type Plan, repeatable } from './split.ts';

/** A pool as those see it that hand it work. */
export interface Workers {
  readonly threads: number;
  readonly control: Control;
  readonly lost: string | undefined;
  gone(worker: number): boolean;
  abandon(why: string): void;
}

/** A call that did not end. */
interface Call {
  name: string;
  plan: Plan;
  args: readonly number[];
  /** Makes all of it on this thread. */
  again: () => void;
}

/** Naps of so many milliseconds, at most so many, until workers that were stopped have ended. */
const NAP = 5;
const NAPS = 400;

/** Whether every worker that was at the call has left it or ended. */
function stopped(control: Control, gone: Waiting['gone'], mayWait: boolean): boolean {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let naps = 0; ; naps++) {
    if (control.busy().every(gone)) return true;
    if (!mayWait || naps === NAPS) return false;
    Atomics.wait(nap, 0, 0, NAP);
  }
}

/** Ends a pool in whose hands a call was lost, and the call if it can. */
export function recover(pool: Workers, heap: Heap, { name, plan, args, again }: Call, { mayWait, patience, gone }: Waiting): void {
  const { control } = pool;
  const why = control.busy().some(gone) ? 'ended in the middle of a call' : `gave no answer in ${patience / 1000} s`;
  pool.abandon(`one ${why}`);
  const quiet = stopped(control, gone, mayWait);
  if (control.busy().length === 0) return; // all have come to the end of their pieces
  if (quiet && repeatable(plan, args)) {
    again();
    return;
  }
  if (!quiet) heap.withhold(args.slice(0, plan.once ? plan.addresses : plan.results));
  throw new Error(
    `threads: a worker ${why}; make again what this ${name} was to write, it holds nothing of use (later calls run on the calling thread)`,
  );
}
