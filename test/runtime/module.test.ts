import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { table, version } from '../../src/runtime/generated/kernels.ts';
import { type WasmOptions, wasmBackend } from '../../src/runtime/wasm.ts';

const file = (name: string) => new Uint8Array(readFileSync(new URL(`../../build/${name}`, import.meta.url)));
const bytes = file('saccade.wasm');

/** The module with `from` replaced by `to`, of the same length. */
function changed(from: string, to: string): Uint8Array<ArrayBuffer> {
  const at = Buffer.from(bytes).lastIndexOf(from);
  expect(at).toBeGreaterThan(0);
  const copy = Uint8Array.from(bytes);
  copy.set(new TextEncoder().encode(to), at);
  return copy;
}

setFlagsFromString('--experimental-wasm-relaxed-simd');

describe('loading', () => {
  it('takes the file as bytes or compiled', async () => {
    const sources: WasmOptions[] = [{ bytes }, { bytes: bytes.buffer.slice(0) }, { module: await WebAssembly.compile(bytes) }];
    for (const options of sources) expect((await wasmBackend(options)).build).toBe('deterministic');
  });
});

describe('an error of loading says the way out:', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });
  const fails = (options: WasmOptions, message: string | RegExp) => expect(wasmBackend(options)).rejects.toThrow(message);

  it('no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    await fails({}, 'init: the engine must have WebAssembly, got none (switched off? Lockdown Mode, --jitless)');
  });

  it('no SIMD, no relaxed SIMD', async () => {
    const validate = WebAssembly.validate;
    const without = (opcode: number) => {
      vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError('unknown opcode'));
      vi.spyOn(WebAssembly, 'validate').mockImplementation((source) => !(source as Uint8Array).includes(opcode) && validate(source));
    };
    without(0x0f);
    await fails(
      {},
      /^init: the engine must have WebAssembly SIMD, got one without; it is in Chrome 91, Firefox 89, Safari 16.4, Node 16.4/,
    );
    vi.restoreAllMocks();
    without(0x85);
    await fails(
      { build: 'relaxed' },
      "init: build 'relaxed' needs WebAssembly relaxed SIMD, got an engine without; 'deterministic' runs here",
    );
  });

  it('compiling disallowed', async () => {
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError('blocked by CSP'));
    const message =
      /^init: the host must allow WebAssembly to be compiled, got "blocked by CSP"; .*'wasm-unsafe-eval'.*init\(\{ module \}\)/;
    await fails({}, message);
    await fails({ bytes }, message);
  });

  it('a wrong, truncated or damaged file', async () => {
    const page = new TextEncoder().encode('<!doctype html><title>404</title>');
    await fails({ bytes: page }, 'must be a whole saccade.wasm, got 33 bytes that begin "<!doctyp" (an error page in its place?)');
    await fails({ bytes: new Uint8Array() }, 'got 0 bytes that begin ""');
    for (const length of [9, 11, 100, 5000, bytes.length - 1]) {
      await fails({ bytes: bytes.slice(0, length) }, `must be a whole saccade.wasm, got ${length} bytes that end too early`);
    }
    const damaged = Uint8Array.from(bytes).fill(0xff, 3000, 3200); // longer than a constant, which may be anything
    await fails({ bytes: damaged }, `got ${bytes.length} damaged bytes; fetch or copy the file again`);
  });

  it('a build from another version, of the other kind, or of another program', async () => {
    const mark = `${version} deterministic ${table}`;
    const older = `9.9.9 deterministic ${table}`;
    const wanted = `init: module must be the saccade.wasm installed with this JavaScript, ${mark}, got`;
    await fails({ bytes: changed(mark, older) }, `${wanted} ${older}; copy the file again`);
    await fails({ bytes: changed(table, '01234567') }, `${wanted} ${version} deterministic 01234567`);
    await fails(
      { bytes, build: 'relaxed' },
      `must be the saccade.relaxed.wasm installed with this JavaScript, ${version} relaxed ${table}, got ${mark}`,
    );
    await fails({ bytes: file('saccade.relaxed.wasm') }, `${wanted} ${version} relaxed ${table}`);
    await fails({ bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 2, 1, 0x78) }, `${wanted} a module without a mark`);
  });

  it('something that is no module', async () => {
    const wanted = 'init: module must be a WebAssembly.Module and bytes a buffer, both of this realm, got';
    await fails({ module: { exports: 1 } as unknown as WebAssembly.Module }, `${wanted} [object Object]`);
    await fails({ module: runInNewContext('new WebAssembly.Module(bytes)', { bytes }) }, `${wanted} [object WebAssembly.Module]`);
  });
});
