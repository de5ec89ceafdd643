// Pools for tests: the package's source as the caller, the built worker.js as the workers, and everything between them in reach.
import { readFileSync } from 'node:fs';
import type { Backend, Kernels } from '../../src/runtime/backend.ts';
import { Heap } from '../../src/runtime/heap.ts';
import { Pool } from '../../src/runtime/threads/pool.ts';
import { withSharedMemory } from '../../src/runtime/threads/shared.ts';
import { threaded } from '../../src/runtime/threads/table.ts';

const dist = (file: string) => new URL(`../../dist/${file}`, import.meta.url);

export interface Shared {
  on: Backend;
  pool: Pool;
  /** The same workers with a kernel table, and so with scratch, that no call has used before. */
  fresh(): Backend;
}

export interface Manner {
  grain?: number;
  patience?: number;
  worker?: URL;
  /** Whether the calling thread may sleep. */
  mayWait?: boolean;
  /** What the calling thread runs for the kernels. */
  caller?: (kernels: Kernels) => Kernels;
}

/** A new pool. No call is too small to be shared out, unless `grain` says so. */
export async function poolOf(
  threads: number,
  { grain = 0, patience = 60_000, worker = dist('worker.js'), mayWait = true, caller = (kernels) => kernels }: Manner = {},
): Promise<Shared> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4096, shared: true });
  const module = await WebAssembly.compile(withSharedMemory(new Uint8Array(readFileSync(dist('saccade.wasm')))));
  const pool = new Pool(threads);
  await pool.start(module, memory, worker);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const heap = new Heap({
    start: 1024,
    unit: 1,
    end: () => memory.buffer.byteLength,
    grow(end) {
      memory.grow(Math.ceil((end - memory.buffer.byteLength) / 65_536));
      return true;
    },
  });
  const kernels = caller(exports as unknown as Kernels);
  const fresh = (): Backend => ({
    build: 'deterministic',
    heap,
    unit: 4,
    threads,
    view: (at, n, dtype) => new (dtype === 'float32' ? Float32Array : Int32Array)(memory.buffer, at, n),
    kernels: threaded(kernels, pool, heap, { grain, patience, mayWait }),
    lost: () => pool.lost,
    close: () => pool.close(),
  });
  return { on: fresh(), pool, fresh };
}

/** Where the workers' scratch began in their last job, and how many bytes lie from one worker's to the next. */
export function lastJob({ control }: Pool) {
  const [scratch = 0, scratchBytes = 0] = new Int32Array(control.buffer, 4 * (64 + 5), 2);
  return { scratch: scratch >>> 0, scratchBytes };
}

/** Kernels of the calling thread that take a nap first, so that workers, who have to wake up, get pieces too. */
export function sleepy(kernels: Kernels, told: () => void = () => undefined): Kernels {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  const table: Record<string, (...args: number[]) => void> = {};
  for (const [name, kernel] of Object.entries(kernels) as [string, (...args: number[]) => void][]) {
    if (typeof kernel !== 'function') continue;
    table[name] = (...args) => {
      told();
      Atomics.wait(nap, 0, 0, 0.2);
      kernel(...args);
    };
  }
  return table as unknown as Kernels;
}
