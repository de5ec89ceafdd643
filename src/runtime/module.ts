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
  throw await reason(source, build, cause);
}

/** The words are loaded when they are needed; a host that cannot load them gets fewer. */
async function reason(source: WebAssembly.Module | BufferSource, build: Build, cause: unknown): Promise<Error> {
  try {
    const { refusal } = await import('./refusal.ts');
    return refusal(source, build, cause);
  } catch {
    return new Error(
      `init: the module must be a whole one of ${markOf(build)}, which the host lets compile, got ${cause ?? 'another mark'}`,
      {
        cause,
      },
    );
  }
}
