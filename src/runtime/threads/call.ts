import type { Kernels } from '../generated/kernels.ts';
import { parameters } from '../generated/parameters.ts';
import { names, type Run } from './control.ts';
import { type Cut, narrow, planOf } from './split.ts';

/** A function that threads call by number: a kernel with its cuts. */
interface Entry {
  call: (...args: number[]) => void;
  arity: number;
  cuts: readonly Cut[];
  scratch: number;
}

/** Runs pieces of jobs as thread `self` (0 is the calling one), on its own instance of the kernels. */
export function runner(self: number, kernels: Kernels): Run {
  const entries = names.map((name): Entry => {
    const plan = planOf(name);
    return { call: kernels[name] as Entry['call'], arity: parameters[name].length, cuts: plan?.cuts ?? [], scratch: plan?.scratch ?? -1 };
  });
  return (job, args, from, to) => {
    const { call, arity, cuts, scratch } = entries[job.kernel] as Entry;
    const mine: number[] = [];
    for (let i = 0; i < arity; i++) mine.push(args[i] as number);
    narrow(cuts[job.cut] as Cut, mine, from, to);
    if (scratch >= 0 && self > 0) mine[scratch] = job.scratch + (self - 1) * job.scratchBytes;
    call(...mine);
  };
}
