// The block of shared memory through which one thread distributes work. A job is a kernel call cut into pieces. Each thread works through
// its own share in order and then takes pieces that others have left, so a thread that is late (asleep, or without a core) delays nobody.
//
// A job is written only while `state` is even and no worker is `busy`. A worker marks itself busy before it reads `state`, so if it sees an
// odd state it reads a complete job, and the job stays in place until that worker has left. If a worker never leaves, nothing is written
// here again: the job stays with all of its pieces taken, and the state says that the pool has ended.
import { parameters } from '../generated/parameters.ts';
import { MOST } from './host.ts';

/** Kernels in the order of their numbers. */
export const names = Object.keys(parameters) as (keyof typeof parameters)[];

/** The maximal number of arguments of a kernel. */
const ARGUMENTS = Math.max(...Object.values(parameters).map(({ length }) => length));

// Words that different threads often write are a cache line (16 words) apart.
const STATE = 0;
const ASLEEP = 32;
const WAITING = 33;
const FAILED = 48;
const JOB = 64;
const NEXT = 80;
const BUSY = NEXT + 16 * MOST;
const WORDS = BUSY + 16 * MOST;
const TEXT = 200;
const BYTES = 4 * WORDS + 8 * ARGUMENTS + 2 * TEXT;

/** `state` of a pool that has ended; otherwise it counts up within these bits. */
const ENDED = -1;
const COUNT = 0x3fffffff;

/** How long an idle thread polls for work, and a caller for completion, before it sleeps; milliseconds. */
const SPIN = 0.05;
/**
 * The maximal time that one reading of the clock adds: a longer interval means that this thread was paused, not that another is late.
 * Milliseconds.
 */
const ROUND = 1000;

/** The work of the threads: pieces of `piece` units along a cut's count, of `total` in all. */
export interface Job {
  kernel: number;
  cut: number;
  piece: number;
  total: number;
  /** Number of pieces in each thread's own share. */
  share: number;
  /** Start of the workers' own scratch, and its size in bytes per worker. */
  scratch: number;
  scratchBytes: number;
}

/** Runs units `from` to `to` of a job's call. */
export type Run = (job: Job, args: Float64Array, from: number, to: number) => void;

/** How a caller waits for workers. */
export interface Waiting {
  /** Whether it may sleep. */
  mayWait: boolean;
  /** Maximal waiting time, counted while awake; milliseconds. */
  patience: number;
  /** Whether a worker is known to have ended. */
  gone(worker: number): boolean;
}

/** Whether there is a job. */
const open = (state: number) => state !== ENDED && (state & 1) === 1;

/** Counts the time that this thread was awake. After a process was stopped, or a machine slept, it continues where it was. */
class Awake {
  private last = performance.now();
  private total = 0;

  look(): number {
    const now = performance.now();
    this.total += Math.min(now - this.last, ROUND);
    this.last = now;
    return this.total;
  }
}

/** The control block from the view of one thread. */
export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly args: Float64Array;
  private readonly words: Int32Array;
  private readonly text: Uint16Array;
  private readonly threads: number;

  constructor(threads: number, buffer: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.buffer = buffer;
    this.threads = threads;
    this.words = new Int32Array(buffer, 0, WORDS);
    this.args = new Float64Array(buffer, 4 * WORDS, ARGUMENTS);
    this.text = new Uint16Array(buffer, 4 * WORDS + 8 * ARGUMENTS, TEXT);
  }

  /**
   * For the caller: starts a job whose arguments are in `args`, works on it too, and returns `true` when all of it is done. Returns `false`
   * if a worker that was working on it has ended or does not answer; {@link busy} lists those.
   */
  dispatch(job: Job, run: Run, waiting: Waiting): boolean {
    const { words } = this;
    words.set([job.kernel, job.cut, job.piece, job.total, job.share, job.scratch | 0, job.scratchBytes], JOB);
    for (let thread = 0; thread < this.threads; thread++) words[NEXT + 16 * thread] = 0;
    this.turn();
    if (Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, STATE);
    let failure: unknown;
    try {
      this.work(0, job, run);
    } catch (error) {
      failure = error;
    }
    this.turn();
    const all = this.join(waiting);
    if (!all) return false;
    if (failure) throw failure;
    if (Atomics.exchange(words, FAILED, 0) !== 0) throw new Error(`threads: a kernel must not fail, got ${this.message()} in a worker`);
    return true;
  }

  /** The workers that are working on a job. */
  busy(): number[] {
    const workers = Array.from({ length: this.threads - 1 }, (_, i) => i + 1);
    return workers.filter((worker) => Atomics.load(this.words, BUSY + 16 * worker) !== 0);
  }

  /** For a worker: serves jobs until the pool ends. */
  serve(self: number, run: Run): void {
    const { words } = this;
    const busy = BUSY + 16 * self;
    for (let seen = this.next(0); seen !== ENDED; seen = this.next(seen)) {
      Atomics.store(words, busy, 1);
      seen = Atomics.load(words, STATE);
      if (open(seen)) {
        try {
          this.work(self, this.job(), run);
        } catch (error) {
          this.fail(error);
        }
      }
      Atomics.store(words, busy, 0);
      if (Atomics.load(words, WAITING) !== 0) Atomics.notify(words, busy);
    }
  }

  /** Tells the workers to leave. */
  end(): void {
    Atomics.store(this.words, STATE, ENDED);
    Atomics.notify(this.words, STATE);
  }

  /** Switches between no job and a job. */
  private turn(): void {
    Atomics.store(this.words, STATE, (Atomics.load(this.words, STATE) + 1) & COUNT);
  }

  /** Works on pieces until none is left: the thread's own, then its neighbours'. */
  private work(self: number, job: Job, run: Run): void {
    const { words, threads, args } = this;
    const { piece, total, share } = job;
    for (let step = 0; step < threads; step++) {
      const owner = (self + step) % threads;
      for (;;) {
        const taken = Atomics.add(words, NEXT + 16 * owner, 1);
        const from = (owner * share + taken) * piece;
        if (taken >= share || from >= total) break;
        run(job, args, from, Math.min(total, from + piece));
      }
    }
  }

  private job(): Job {
    const at = (i: number) => this.words[JOB + i] as number;
    return { kernel: at(0), cut: at(1), piece: at(2), total: at(3), share: at(4), scratch: at(5) >>> 0, scratchBytes: at(6) };
  }

  /** Waits for a state other than `seen` that means work or the end. */
  private next(seen: number): number {
    const { words } = this;
    for (let until = 0; ; ) {
      for (let i = 0; i < 100; i++) {
        const state = Atomics.load(words, STATE);
        if (state === ENDED || (state !== seen && open(state))) return state;
      }
      const now = performance.now();
      if (until === 0) until = now + SPIN;
      if (now < until) continue;
      const state = Atomics.load(words, STATE);
      if (state === ENDED || (state !== seen && open(state))) return state;
      Atomics.add(words, ASLEEP, 1);
      Atomics.wait(words, STATE, state);
      Atomics.sub(words, ASLEEP, 1);
      until = 0;
    }
  }

  /** Waits until no worker is busy; false if one stays busy. */
  private join(waiting: Waiting): boolean {
    const awake = new Awake();
    let all = true;
    for (let worker = 1; worker < this.threads; worker++) all = this.left(BUSY + 16 * worker, worker, waiting, awake) && all;
    return all;
  }

  /** Waits until a worker is no longer busy; false if it has ended or the time is over. */
  private left(busy: number, worker: number, { mayWait, patience, gone }: Waiting, awake: Awake): boolean {
    const { words } = this;
    for (;;) {
      for (let i = 0; i < 100; i++) if (Atomics.load(words, busy) === 0) return true;
      const waited = awake.look();
      if (waited >= patience) return Atomics.load(words, busy) === 0;
      if (waited < SPIN || !mayWait) continue;
      Atomics.store(words, WAITING, 1);
      const woken = Atomics.wait(words, busy, 1, ROUND);
      Atomics.store(words, WAITING, 0);
      if (woken === 'timed-out' && gone(worker)) return Atomics.load(words, busy) === 0;
    }
  }

  private fail(error: unknown): void {
    const message = String(error).slice(0, TEXT);
    this.text.fill(0);
    for (let i = 0; i < message.length; i++) this.text[i] = message.charCodeAt(i);
    Atomics.store(this.words, FAILED, 1);
  }

  private message(): string {
    return String.fromCharCode(...this.text.filter((unit) => unit !== 0));
  }
}
