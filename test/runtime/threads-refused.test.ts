import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Package from '../../src/all.ts';

const built = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof Package;

afterEach(() => vi.unstubAllGlobals());

describe('threads that cannot be had', () => {
  it('are refused with the reason', async () => {
    await expect(built.wasmBackend({ threads: 1.5 })).rejects.toThrow('init: threads must be a whole number from 1 to 64, got 1.5');
    vi.stubGlobal('crossOriginIsolated', false);
    await expect(built.wasmBackend({ threads: 2 })).rejects.toThrow(
      'init: 2 threads need shared memory and workers, got a page that is not cross-origin isolated',
    );
    vi.stubGlobal('crossOriginIsolated', true);
    vi.stubGlobal('SharedArrayBuffer', undefined);
    await expect(built.wasmBackend({ threads: 2 })).rejects.toThrow('got a runtime without SharedArrayBuffer');
  });

  it('are refused where the module or the worker is not one for threads', async () => {
    const bytes = readFileSync(new URL('../../dist/saccade.wasm', import.meta.url));
    const module = await WebAssembly.compile(bytes);
    await expect(built.wasmBackend({ threads: 2, module })).rejects.toThrow('init: module must import shared memory for threads');
    const worker = new URL('./nowhere.js', import.meta.url);
    await expect(built.wasmBackend({ threads: 2, worker })).rejects.toThrow(/^init: threads need their worker .*, got .*nowhere/);
  });
});

describe('idle workers', () => {
  it('let the process end', () => {
    const index = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
    const program = `import { info, init } from ${JSON.stringify(index)}; await init({ threads: 3 }); console.log(info().threads);`;
    const options = { encoding: 'utf8', timeout: 60_000 } as const;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', program], options).trim()).toBe('3');
  });
});
