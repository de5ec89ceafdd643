import { type Build, markIn, markOf } from './mark.ts';

/** A module of this version and the requested build, or an error that says why there is none and what to do. */
export async function compiled(source: WebAssembly.Module | BufferSource, build: Build): Promise<WebAssembly.Module> {
  let cause: unknown;
  try {
    const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    if (markIn(module) === markOf(build)) return module;
  } catch (error) {
    cause = error;
  }
  // The long explanation is loaded on demand; a host that cannot load it gets a short one.
  const { refusal } = await import('./refusal.ts').catch(() => ({
    refusal: () => new Error(`init: module must be ${markOf(build)}, got ${cause ?? 'another'}`, { cause }),
  }));
  throw refusal(source, build, cause);
}
