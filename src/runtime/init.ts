import { activate, backend, hasBackend } from './backend.ts';
import { type WasmOptions, wasmBackend } from './wasm.ts';

/**
 * Loads the kernels; everything else is synchronous after it. A second call does nothing, unless it names another build or another
 * number of threads. `init({ build: 'relaxed' })` uses fused multiply-add where the engine has it: faster, and no longer the same bits
 * everywhere. `init({ threads: 4 })` shares large calls out to three workers beside the calling thread, with the same bits; where
 * there can be no threads it throws and says why. Workers of the backend before it end.
 */
export async function init(options: WasmOptions = {}): Promise<void> {
  const before = hasBackend() ? backend() : undefined;
  const { build = before?.build, threads = before?.threads ?? 1 } = options; // what is not named may be as it is
  if (before && before.build === build && (before.threads ?? 1) === threads && before.lost?.() === undefined) return;
  activate(await wasmBackend(options));
  before?.close?.();
}
