// A thread of the pool. Imports nothing but its neighbours, by relative paths: a worker has no import map.
import type { Kernels } from '../generated/kernels.ts';
import { runner } from './call.ts';
import { Control } from './control.ts';
import { likeNode, nodeThreads } from './host.ts';

/** What the pool sends a worker to begin with. */
export interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: SharedArrayBuffer;
  /** The number of this thread, from 1. */
  self: number;
  threads: number;
  /** An end of a channel, closed when this thread ends. */
  line?: unknown;
}

/** Where a worker hears from the pool and answers. */
interface Port {
  postMessage(message: string): void;
  close(): void;
}

async function serve(port: Port, { module, memory, control, self, threads }: Start): Promise<void> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const run = runner(self, exports as unknown as Kernels);
  port.postMessage('ready');
  new Control(threads, control).serve(self, run);
  port.close();
}

/** Answers with the reason where it cannot begin. */
function begin(port: Port, start: Start): void {
  serve(port, start).catch((error: unknown) => port.postMessage(String(error)));
}

// No `await` at the top: bundlers make workers of formats that have none. A page's first message comes as soon as this has run.
if (likeNode) {
  nodeThreads().then((threads) => {
    const parent = threads?.parentPort;
    parent?.once('message', (start: Start) => begin(parent, start));
  });
} else {
  const scope = globalThis as unknown as Port & EventTarget;
  scope.addEventListener('message', (event) => begin(scope, (event as MessageEvent<Start>).data), { once: true });
}
