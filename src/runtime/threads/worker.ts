// A thread of the pool. It imports only its neighbours, by relative paths: a worker has no import map.
import type { Kernels } from '../generated/kernels.ts';
import { runner } from './call.ts';
import { Control } from './control.ts';
import { likeNode, nodeThreads } from './host.ts';

/** The first message of the pool to a worker. */
export interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: SharedArrayBuffer;
  /** Number of this thread, from 1. */
  self: number;
  threads: number;
  /** One end of a channel, closed when this thread ends. */
  line?: unknown;
}

/** How a worker receives and answers the pool's messages. */
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

/** Serves, or answers with the reason why it cannot. */
function begin(port: Port, start: Start): void {
  serve(port, start).catch((error: unknown) => port.postMessage(String(error)));
}

// No `await` at the top level: some worker formats of bundlers do not allow it. A page's first message arrives once this has run.
if (likeNode) {
  nodeThreads().then((threads) => {
    const parent = threads?.parentPort;
    parent?.once('message', (start: Start) => begin(parent, start));
  });
} else {
  const scope = globalThis as unknown as Port & EventTarget;
  scope.addEventListener('message', (event) => begin(scope, (event as MessageEvent<Start>).data), { once: true });
}
