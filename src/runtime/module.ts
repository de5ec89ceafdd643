import { table, version } from './generated/kernels.ts';

/** What a build computes: the same bits everywhere, or faster with fused multiply-add. */
export type Build = 'deterministic' | 'relaxed';

/** The custom section in which a build says what it is. */
const MARK = 'saccade';

/** The shortest modules that use each feature: `() → v128` of `i8x16.splat`, and of `f32x4.relaxed_madd` over it. */
const PREFIX = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10];
const SPLAT = [0x41, 0, 0xfd, 0x0f];
const features = {
  deterministic: [...PREFIX, 8, 1, 6, 0, ...SPLAT, 0x0b],
  relaxed: [...PREFIX, 19, 1, 17, 0, ...SPLAT, ...SPLAT, ...SPLAT, 0xfd, 0x85, 2, 0x0b],
};

/** Whether the engine runs what a build is made of. */
function supports(build: Build): boolean {
  return WebAssembly.validate(Uint8Array.from(features[build]));
}

/** What must be there before any build is loaded, with the way out where it is not. */
export function expectEngine(build: Build): void {
  if (typeof WebAssembly === 'undefined') {
    throw new Error(
      'init: the engine must have WebAssembly, got none (switched off? Lockdown Mode, --jitless); nothing of saccade runs without',
    );
  }
  if (!supports('deterministic')) {
    throw new Error(
      'init: the engine must have WebAssembly SIMD, got one without; it is in Chrome 91, Firefox 89, Safari 16.4, Node 16.4 and newer',
    );
  }
  if (!supports(build)) {
    throw new Error(`init: build '${build}' needs WebAssembly relaxed SIMD, got an engine without; 'deterministic' runs here`);
  }
}

const asBytes = (source: BufferSource): Uint8Array =>
  ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);

/** Why bytes are no module, in an engine that has all that a build uses. */
function describe(bytes: Uint8Array): string {
  const start = Array.from(bytes.subarray(0, 8));
  if (start.slice(0, 4).join() !== '0,97,115,109') {
    const text = String.fromCharCode(...start.map((byte) => (byte >= 32 && byte < 127 ? byte : 46)));
    return `${bytes.length} bytes that begin ${JSON.stringify(text)} (an error page in its place?)`;
  }
  let at = 8;
  while (at < bytes.length) {
    at++; // the section's kind; then its length as LEB128
    let size = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = bytes[at++] ?? 0;
      size += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    at += size;
  }
  return at > bytes.length ? `${bytes.length} bytes that end too early` : `${bytes.length} damaged bytes`;
}

/** Compiles a build's bytes; each reason why that cannot be is an error of its own. */
export async function compile(source: BufferSource): Promise<WebAssembly.Module> {
  if (!WebAssembly.validate(source)) {
    throw new Error(`init: bytes must be a whole saccade.wasm, got ${describe(asBytes(source))}; fetch or copy the file again`);
  }
  try {
    return await WebAssembly.compile(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `init: the host must allow WebAssembly to be compiled, got ${JSON.stringify(reason)}; a page needs 'wasm-unsafe-eval' in the ` +
        'script-src of its Content-Security-Policy, a Worker init({ module }) with what it imports from saccade/saccade.wasm',
      { cause: error },
    );
  }
}

/** A module must be of this very version and of the build asked for: others may take other arguments or round otherwise. */
export function expectMark(module: WebAssembly.Module, build: Build): void {
  const [section] = WebAssembly.Module.customSections(module, MARK);
  const found = section ? new TextDecoder().decode(section) : 'a module without a mark';
  const wanted = `${version} ${build} ${table}`;
  if (found === wanted) return;
  const name = build === 'relaxed' ? 'saccade.relaxed.wasm' : 'saccade.wasm';
  throw new Error(`init: module must be the ${name} installed with this JavaScript, ${wanted}, got ${found}; copy the file again`);
}
