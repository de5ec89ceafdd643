import type { Kernels } from '../generated/kernels.ts';
import type { Heap } from '../heap.ts';
import { runner } from './call.ts';
import { type Job, names, type Run } from './control.ts';
import { recover, type Workers } from './loss.ts';
import { LINE } from './signature.ts';
import { type Cut, type Plan, planOf, unitsOf } from './split.ts';

type Call = (...args: number[]) => void;

function product(args: readonly number[], factors: readonly number[]): number {
  let result = 1;
  for (const factor of factors) result *= args[factor] as number;
  return result;
}

/** Estimated time of a call in nanoseconds. */
function workOf({ cost, cuts }: Plan, args: readonly number[]): number {
  const [first] = cuts;
  return product(args, cost.factors) * cost.ns * (first && first.from >= 0 ? unitsOf(first, args) : 1);
}

/** The cut to use for these arguments; −1 if none gives two pieces. */
function choose({ cuts, longest, pieces }: Plan, args: readonly number[], threads: number): number {
  let best = -1;
  let most = 1;
  for (let i = 0; i < cuts.length; i++) {
    const cut = cuts[i] as Cut;
    const { least, alone } = cut;
    if (alone.length > 0 && product(args, alone) !== 1) continue;
    const units = unitsOf(cut, args) / least;
    if (units <= most) continue;
    best = i;
    most = units;
    if (!longest && units >= threads * pieces) break;
  }
  return best;
}

/** Fills in how to cut a call that takes `work` nanoseconds; false if it should stay whole. */
function cutUp(job: Job, plan: Plan, args: readonly number[], threads: number, work: number, grain: number): boolean {
  const index = choose(plan, args, threads);
  if (index < 0) return false;
  const cut = plan.cuts[index] as Cut;
  const { multiple, least } = cut;
  const total = unitsOf(cut, args);
  const pieces = Math.min((3 * work) / grain, total / least, threads * plan.pieces); // a piece takes at least a third of the smallest call worth cutting
  job.share = Math.max(1, Math.floor(pieces / threads));
  job.piece = Math.ceil(total / (job.share * threads) / multiple) * multiple;
  job.cut = index;
  job.total = total;
  return total > job.piece;
}

/** Scratch of the workers, as large as the largest request so far. */
class Scratch {
  private readonly heap: Heap;
  private readonly workers: number;
  private block = 0;
  at = 0;
  /** Bytes from one worker's share to the next. */
  bytes = 0;

  constructor(heap: Heap, workers: number) {
    this.heap = heap;
    this.workers = workers;
  }

  reserve(elements: number): void {
    const bytes = (Math.ceil(elements / LINE) + 1) * 4 * LINE; // one line stays untouched between two workers' shares
    if (bytes <= this.bytes) return;
    let block = 1024; // each power of two is a size class
    while (block < bytes * this.workers) block *= 2;
    const at = this.heap.allocate(block);
    if (this.block > 0) this.heap.free(this.at, this.block);
    this.at = at;
    this.block = block;
    this.bytes = bytes;
  }
}

/** A batch of one product is a product, which can be cut along its rows and columns. */
function single({ matmul, matmulBatch }: Kernels): Kernels['matmulBatch'] {
  return (out, a, b, m, n, k, aRow, aDepth, bDepth, bColumn, outer, inner, aOuter, aInner, bOuter, bInner, scratch) =>
    outer === 1 && inner === 1
      ? matmul(out, a, b, 0, m, n, k, aRow, aDepth, bDepth, bColumn, n, scratch)
      : matmulBatch(out, a, b, m, n, k, aRow, aDepth, bDepth, bColumn, outer, inner, aOuter, aInner, bOuter, bInner, scratch);
}

/** The time in nanoseconds from which calls are cut, and how to wait for completion. */
interface Manner {
  grain: number;
  mayWait: boolean;
  patience: number;
}

/** The kernel table with every worthwhile call distributed over the pool. Neither ops nor bits depend on it. */
export function threaded(kernels: Kernels, pool: Workers, heap: Heap, { grain, mayWait, patience }: Manner): Kernels {
  const { threads, control } = pool;
  const run: Run = runner(0, kernels);
  const scratch = new Scratch(heap, threads - 1);
  const waiting = { mayWait, patience, gone: (worker: number) => pool.gone(worker) };
  const job: Job = { kernel: 0, cut: 0, piece: 0, total: 0, share: 0, scratch: 0, scratchBytes: 0 };
  const table: Record<string, Call> = { ...kernels };
  names.forEach((name, number) => {
    const plan = planOf(name);
    if (!plan) return;
    const whole = kernels[name] as Call;
    table[name] = (...args) => {
      const work = workOf(plan, args);
      if (work < grain || pool.lost !== undefined) return whole(...args);
      if (!cutUp(job, plan, args, threads, work, grain)) return whole(...args);
      if (plan.scratch >= 0) {
        scratch.reserve(plan.scratchSize(args));
        job.scratch = scratch.at;
        job.scratchBytes = scratch.bytes;
      }
      job.kernel = number;
      control.args.set(args);
      if (!control.dispatch(job, run, waiting)) recover(pool, heap, { name, plan, args, again: () => whole(...args) }, waiting);
    };
  });
  return { ...(table as unknown as Kernels), matmulBatch: single(table as unknown as Kernels) };
}
