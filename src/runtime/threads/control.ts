// The block of shared memory through which one thread hands out work. A job is a kernel call cut into pieces; each thread takes its own
// share of them in order and then what others have left, so that a thread that is late (asleep, or without a core) holds nobody up.
//
// A job is written only while `state` is even and nobody is registered in `active`. A thread registers before it looks at `state`, so a
// thread that sees an odd one reads a whole job, and the job stands until that thread has left.
import { parameters } from '../generated/parameters.ts';
import { MOST } from './host.ts';

/** Kernels in the order their numbers stand for. */
export const names = Object.keys(parameters) as (keyof typeof parameters)[];

/** The most arguments of a kernel. */
const ARGUMENTS = 32;

// Words that different threads write often stand a cache line (16 words) apart.
const STATE = 0;
const ACTIVE = 16;
const ASLEEP = 32;
const WAITING = 33;
const FAILED = 48;
const JOB = 64;
const NEXT = 80;
const WORDS = NEXT + 16 * MOST;
const TEXT = 200;
const BYTES = 4 * WORDS + 8 * ARGUMENTS + 2 * TEXT;

/** `state` of a pool that has ended; otherwise it counts up within these bits. */
const ENDED = -1;
const COUNT = 0x3fffffff;

/** How long an idle thread looks for work, and a caller for the end of it, before it sleeps; milliseconds. */
const SPIN = 0.05;
/** How long a caller waits for a worker at most: one that was killed in the middle of a piece never answers. Milliseconds. */
const PATIENCE = 60_000;

/** What the threads are to do: pieces of `piece` units along a cut's count, of `total` in all. */
export interface Job {
  kernel: number;
  cut: number;
  piece: number;
  total: number;
  /** Pieces of each thread's own share. */
  share: number;
  /** Where the workers' own scratch begins and how many bytes each has. */
  scratch: number;
  scratchBytes: number;
}

/** Runs units `from` to `to` of a job's call. */
export type Run = (job: Job, args: Float64Array, from: number, to: number) => void;

/** Whether there is a job. */
const open = (state: number) => state !== ENDED && (state & 1) === 1;

/** The control block as one of the threads sees it. */
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

  /** The caller: hands out a job whose arguments stand in `args`, works on it too, and returns when all of it is done. */
  dispatch(job: Job, run: Run, mayWait: boolean): void {
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
    this.join(mayWait);
    if (failure) throw failure;
    if (Atomics.exchange(words, FAILED, 0) !== 0) throw new Error(`threads: a kernel must not fail, got ${this.message()} in a worker`);
  }

  /** A worker: serves jobs until the pool ends. */
  serve(self: number, run: Run): void {
    const { words } = this;
    for (let seen = this.next(0); seen !== ENDED; seen = this.next(seen)) {
      Atomics.add(words, ACTIVE, 1);
      seen = Atomics.load(words, STATE);
      if (open(seen)) {
        try {
          this.work(self, this.job(), run);
        } catch (error) {
          this.fail(error);
        }
      }
      if (Atomics.sub(words, ACTIVE, 1) === 1 && Atomics.load(words, WAITING) !== 0) Atomics.notify(words, ACTIVE);
    }
  }

  /** Tells the workers to leave. */
  end(): void {
    Atomics.store(this.words, STATE, ENDED);
    Atomics.notify(this.words, STATE);
  }

  /** From no job to a job and back. */
  private turn(): void {
    Atomics.store(this.words, STATE, (Atomics.load(this.words, STATE) + 1) & COUNT);
  }

  /** Takes pieces until none is left: the thread's own, then its neighbours'. */
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

  /** Waits for a state other than `seen` that is work or the end. */
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

  /** Until no worker is registered. */
  private join(mayWait: boolean): void {
    const { words } = this;
    for (let began = 0; ; ) {
      for (let i = 0; i < 100; i++) if (Atomics.load(words, ACTIVE) === 0) return;
      const now = performance.now();
      if (began === 0) began = now;
      if (now > began + PATIENCE) throw new Error(`threads: a worker must end its piece, got no answer in ${PATIENCE / 1000} s`);
      if (now < began + SPIN || !mayWait) continue;
      Atomics.store(words, WAITING, 1);
      const active = Atomics.load(words, ACTIVE);
      if (active !== 0) Atomics.wait(words, ACTIVE, active, 1000);
      Atomics.store(words, WAITING, 0);
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
