import type { Backend } from '../backend.ts';
import { MOST, mayWait, whyNoThreads } from './host.ts';
import { Pool } from './pool.ts';
import { withSharedMemory } from './shared.ts';
import { threaded } from './table.ts';

/** See `WasmOptions`. */
interface Options {
  threads?: number | undefined;
  worker?: URL | string | undefined;
  grain?: number | undefined;
  /** How long a call waits for a worker at most, in milliseconds awake. */
  patience?: number | undefined;
}

/** Ends the workers of pools whose kernels have been collected. */
const forgotten = new FinalizationRegistry((pool: Pool) => pool.close());

const PAGE = 65_536;

/** The steps of loading that differ with several threads. Throws if threads are impossible. */
export function sharing({ threads = 1, worker, grain = 12_000, patience = 60_000 }: Options) {
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST) {
    throw new RangeError(`init: threads must be a whole number from 1 to ${MOST}, got ${threads}`);
  }
  const why = whyNoThreads();
  if (why) throw new Error(`init: ${threads} threads need shared memory and workers, got ${why}`);
  return {
    /** Converts the bytes of a module so that it imports shared memory. */
    source(source: WebAssembly.Module | BufferSource): WebAssembly.Module | BufferSource {
      if (source instanceof ArrayBuffer) return withSharedMemory(new Uint8Array(source));
      if (!ArrayBuffer.isView(source)) return source;
      return withSharedMemory(new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength));
    },

    memory(maximum: number): WebAssembly.Memory {
      try {
        return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
      } catch (cause) {
        throw new Error(`init: threads must have ${maximum * PAGE} bytes of address space (maximumBytes asks for less), got ${cause}`, {
          cause,
        });
      }
    },

    /** Refuses a module that does not fit the memory. */
    refuse(cause: unknown): never {
      throw new Error(`init: module must import shared memory for threads (bytes are converted, a module cannot be), got ${cause}`, {
        cause,
      });
    },

    async backend(alone: Backend, module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Backend> {
      const pool = new Pool(threads);
      await pool.start(module, memory, worker);
      const kernels = threaded(alone.kernels, pool, alone.heap, { grain, patience, mayWait: mayWait() });
      forgotten.register(kernels, pool);
      return { ...alone, kernels, threads, lost: () => pool.lost, close: () => pool.close() };
    },
  };
}
