import { Control } from './control.ts';
import { type NodeThreads, nodeThreads } from './host.ts';
import type { Start } from './worker.ts';

/** One running worker, independent of the runtime. */
interface Thread {
  post(start: Start): void;
  /** Stops it from keeping the process alive. */
  release(): void;
  stop(): void;
  /** Whether it is known to have ended, without a turn of the event loop. False if that cannot be known. */
  gone(): boolean;
  /** Registers callbacks for messages, and for the reason of its end. */
  listen(message: (text: string) => void, lost: (why: string) => void): void;
}

/** Maximal start-up time of a worker in milliseconds. */
const PATIENCE = 30_000;

/**
 * Detects at once whether a thread has ended: this closes its end of a channel, and Node's `postMessage` returns whether the other end is
 * open. Runtimes that return nothing never report an end.
 */
function lifeline({ MessageChannel }: NodeThreads) {
  const { port1, port2 } = new MessageChannel();
  port1.unref?.();
  const whole = () => (port1.postMessage(0) as unknown) === true;
  let tells = false;
  return {
    end: port2,
    begin() {
      tells = whole();
    },
    cut: () => tells && !whole(),
  };
}

async function spawn(url: URL | string | undefined): Promise<Thread> {
  const node = await nodeThreads();
  if (node) {
    const name = './worker.js'; // not inline: bundlers would copy the file, and Node needs none
    const worker = new node.Worker(url ? new URL(url) : new URL(name, import.meta.url), { execArgv: [] });
    const line = lifeline(node);
    return {
      post: (start) => worker.postMessage({ ...start, line: line.end }, [line.end]),
      release() {
        worker.unref(); // after `listen`, since a listener counts as a reference
        line.begin();
      },
      gone: line.cut,
      stop: () => void worker.terminate(),
      listen(message, lost) {
        worker.on('message', message);
        worker.on('error', (error) => lost(String(error)));
        worker.on('exit', (code) => lost(`an exit with code ${code}`));
      },
    };
  }
  const worker = url ? new Worker(url, { type: 'module' }) : new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return {
    post: (start) => worker.postMessage(start),
    release: () => undefined,
    stop: () => worker.terminate(),
    gone: () => false,
    listen(message, lost) {
      worker.addEventListener('message', (event) => message(String(event.data)));
      worker.addEventListener('error', (event) => lost(event.message || 'a file that could not be loaded'));
      worker.addEventListener('messageerror', () => lost('a message that could not be read'));
    },
  };
}

/** Sends a worker what it needs and waits until it serves. */
function ready(thread: Thread, start: Start, lost: (why: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let serves = false;
    const refuse = (why: string) => {
      clearTimeout(timer);
      reject(new Error(`init: threads need their worker (worker.js beside the package, or the option worker), got ${why}`));
    };
    const timer = setTimeout(() => refuse(`no answer in ${PATIENCE / 1000} s`), PATIENCE);
    thread.listen(
      (text) => {
        if (text !== 'ready') return refuse(text);
        serves = true;
        clearTimeout(timer);
        thread.release();
        resolve();
      },
      (why) => (serves ? lost(why) : refuse(why)),
    );
    thread.post(start);
  });
}

/** Workers that share the memory, and the channel that gives them work. */
export class Pool {
  readonly control: Control;
  readonly threads: number;
  private readonly workers: Thread[] = [];
  /** Why there are no workers any more, `''` if they were released; `undefined` while there are. */
  lost: string | undefined;

  constructor(threads: number) {
    this.threads = threads;
    this.control = new Control(threads);
  }

  /** Starts one worker fewer than there are threads. */
  async start(module: WebAssembly.Module, memory: WebAssembly.Memory, url?: URL | string): Promise<void> {
    const { threads } = this;
    const { workers } = this;
    try {
      for (let self = 1; self < threads; self++) workers.push(await spawn(url));
      const start = { module, memory, control: this.control.buffer, threads };
      await Promise.all(workers.map((worker, i) => ready(worker, { ...start, self: i + 1 }, (why) => this.lose(why))));
    } catch (error) {
      this.close();
      for (const worker of workers) worker.stop();
      throw error;
    }
  }

  /** Releases the workers; later calls run on the calling thread. */
  close(): void {
    this.lose('');
  }

  /** Whether a worker is known to have ended. */
  gone(worker: number): boolean {
    return this.workers[worker - 1]?.gone() ?? true;
  }

  /** Gives the workers up: they receive no more work. */
  abandon(why: string): void {
    this.lose(why);
    for (const worker of this.workers) worker.stop();
  }

  private lose(why: string): void {
    this.lost ??= why;
    this.control.end();
  }
}
