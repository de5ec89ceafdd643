import { activate, backend, hasBackend } from './backend.ts';
import { type WasmOptions, wasmBackend } from './wasm.ts';

/**
 * Loads the kernels; everything else is synchronous after it. A second call does nothing, unless it asks for another build.
 * `init({ build: 'relaxed' })` uses fused multiply-add where the engine has it: faster, and no longer the same bits everywhere.
 */
export async function init(options: WasmOptions = {}): Promise<void> {
  if (hasBackend() && backend().build === (options.build ?? 'deterministic')) return;
  activate(await wasmBackend(options));
}
