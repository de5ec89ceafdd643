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
  const { refusal } = await import('./refusal.ts'); // its words are loaded when they are needed
  throw refusal(source, build, cause);
}
