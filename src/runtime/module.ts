import { type Build, markIn, markOf } from './mark.ts';

/** A module of this very version and of the build asked for, or an error that says why there is none and what to do. */
export async function compiled(source: WebAssembly.Module | BufferSource, build: Build): Promise<WebAssembly.Module> {
  let cause: unknown;
  try {
    const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    if (markIn(module) === markOf(build)) return module;
  } catch (error) {
    cause = error;
  }
  // The words are loaded when they are needed; a host that cannot load them gets fewer.
  const { refusal } = await import('./refusal.ts').catch(() => ({
    refusal: () => new Error(`init: module must be ${markOf(build)}, got ${cause ?? 'another'}`, { cause }),
  }));
  throw refusal(source, build, cause);
}
