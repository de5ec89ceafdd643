import type { Backend, DType, Kernels } from './backend.ts';
import { Heap } from './heap.ts';
import type { Build } from './mark.ts';
import { compiled } from './module.ts';

const PAGE = 65_536;
const MAX_PAGES = 65_536;

/** How to load the kernels. */
export interface WasmOptions {
  /** `deterministic` (default): the same bits everywhere. `relaxed`: fused multiply-add where the engine has it. */
  build?: Build | undefined;
  /** A compiled module, for runtimes that forbid compiling (Cloudflare Workers). */
  module?: WebAssembly.Module | undefined;
  /** The bytes of `saccade.wasm`. */
  bytes?: BufferSource | undefined;
  /** Maximum memory in bytes; 4 GiB by default. With threads this much address space is reserved at once. */
  maximumBytes?: number | undefined;
  /** Threads that share the work, including the calling one; 1 by default. The bits do not depend on it. */
  threads?: number | undefined;
  /** The same-origin URL of the package's `worker.js`, for bundlers that do not find it. */
  worker?: URL | string | undefined;
  /** The estimated duration, in nanoseconds, from which a call is shared between threads; 12,000 by default. It changes no bits. */
  grain?: number | undefined;
}

/** The build as hexadecimal text, which compresses better than base64 (39 KB to 52), in a file of its own that is loaded on demand. */
async function textOf(build: Build): Promise<string> {
  return build === 'relaxed'
    ? (await import('./generated/relaxed.ts')).relaxed
    : (await import('./generated/deterministic.ts')).deterministic;
}

/** The build's `.wasm` file beside this one, for service workers, which have no `import()`. */
async function fetched(build: Build, cause: unknown): Promise<BufferSource> {
  const name = build === 'relaxed' ? 'saccade.relaxed.wasm' : 'saccade.wasm';
  try {
    const here = import.meta.url; // not inlined: bundlers would look for the file and warn
    const response = await fetch(new URL(name, here));
    if (response.ok) return await response.arrayBuffer();
  } catch {
    // There is no such file, or it cannot be fetched.
  }
  throw new Error(`init: the host must have import() or ${name} beside this, got neither; pass init({ bytes })`, { cause });
}

async function embedded(build: Build): Promise<BufferSource> {
  let text: string;
  try {
    text = await textOf(build);
  } catch (cause) {
    return fetched(build, cause);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
  return bytes;
}

/** The digit with this character code: `0` to `9`, `a` to `f`. */
const digit = (code: number) => (code < 58 ? code - 48 : code - 87);

/** Instantiates the float32 SIMD kernels with a new memory. */
export async function wasmBackend(options: WasmOptions = {}): Promise<Backend> {
  const { build = 'deterministic', maximumBytes = MAX_PAGES * PAGE, threads = 1 } = options;
  const maximum = Math.min(MAX_PAGES, Math.floor(maximumBytes / PAGE));
  if (!(maximum >= 1)) throw new RangeError(`init: maximumBytes must be at least ${PAGE}, got ${maximumBytes}`);
  const several = threads === 1 ? undefined : (await import('./threads/sharing.ts')).sharing(options);
  const source = options.module ?? options.bytes ?? (await embedded(build));
  const module = await compiled(several ? several.source(source) : source, build);
  const memory = several ? several.memory(maximum) : new WebAssembly.Memory({ initial: 1, maximum });
  const linked = WebAssembly.instantiate(module, { env: { memory } });
  const instance = await (several ? linked.catch(several.refuse) : linked);
  const alone: Backend = {
    build,
    kernels: instance.exports as unknown as Kernels,
    heap: new Heap({
      start: 1024, // the compiler's few constants lie below
      unit: 1,
      end: () => memory.buffer.byteLength,
      grow: (end) => grow(memory, end, maximum),
    }),
    unit: 4,
    view: (at, n, dtype: DType) => new (dtype === 'float32' ? Float32Array : Int32Array)(memory.buffer, at, n),
    maximum,
  };
  return several ? several.backend(alone, module, memory) : alone;
}

/** Grows the memory by a quarter more than needed where that fits, so that growth is rare. */
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
