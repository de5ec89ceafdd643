import { instantiate } from '@assemblyscript/loader';
import type { Backend, DType, Kernels } from './backend.ts';
import { Heap } from './heap.ts';
import type { Build } from './mark.ts';
import { compiled } from './module.ts';

const PAGE = 65_536;
const MAX_PAGES = 65_536;

/** How to load the kernels. */
export interface WasmOptions {
  /** `deterministic` (default): the same bits everywhere. `relaxed`: fused multiply-add where the engine has it. */
  build?: Build;
  /** A compiled module, where the runtime forbids compiling (Workers). */
  module?: WebAssembly.Module;
  /** The bytes of `saccade.wasm`. */
  bytes?: BufferSource;
  /** The most memory to use, in bytes; 4 GiB by default. */
  maximumBytes?: number;
}

async function embedded(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const base64 =
    build === 'relaxed' ? (await import('./generated/relaxed.ts')).relaxed : (await import('./generated/deterministic.ts')).deterministic;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Instantiates the float32 SIMD kernels over a memory of their own. */
export async function wasmBackend(options: WasmOptions = {}): Promise<Backend> {
  const { build = 'deterministic', maximumBytes = MAX_PAGES * PAGE } = options;
  const maximum = Math.min(MAX_PAGES, Math.floor(maximumBytes / PAGE));
  if (!(maximum >= 1)) throw new RangeError(`init: maximumBytes must be at least ${PAGE}, got ${maximumBytes}`);
  const module = await compiled(options.module ?? options.bytes ?? (await embedded(build)), build);
  const memory = new WebAssembly.Memory({ initial: 1, maximum });
  const { instance } = await instantiate(module, { env: { memory } }); // its `exports` call through a wrapper
  const heap = new Heap({
    start: 1024, // below lie the few constants asc places
    unit: 1,
    end: () => memory.buffer.byteLength,
    grow: (end) => grow(memory, end, maximum),
  });
  return {
    build,
    kernels: instance.exports as unknown as Kernels,
    heap,
    unit: 4,
    view: (at, n, dtype: DType) => (dtype === 'float32' ? new Float32Array(memory.buffer, at, n) : new Int32Array(memory.buffer, at, n)),
  };
}

/** A quarter more than asked for where that fits, so that a filling memory grows seldom. */
function grow(memory: WebAssembly.Memory, end: number, maximum: number): boolean {
  const pages = memory.buffer.byteLength / PAGE;
  const needed = Math.ceil(end / PAGE);
  if (needed > maximum) return false;
  for (const goal of [Math.min(maximum, Math.ceil(needed * 1.25)), needed]) {
    try {
      memory.grow(goal - pages);
      return true;
    } catch {
      // The engine refused; try exactly what is needed, then give up.
    }
  }
  return false;
}
