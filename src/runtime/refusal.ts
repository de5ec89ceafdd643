import { type Build, markIn, markOf } from './mark.ts';

/** The shortest modules that use each feature: `() → v128` of `i8x16.splat`, and of `f32x4.relaxed_madd` over it. */
const PREFIX = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10];
const SPLAT = [0x41, 0, 0xfd, 0x0f];
const features = {
  deterministic: [...PREFIX, 8, 1, 6, 0, ...SPLAT, 0x0b],
  relaxed: [...PREFIX, 19, 1, 17, 0, ...SPLAT, ...SPLAT, ...SPLAT, 0xfd, 0x85, 2, 0x0b],
};

const supports = (build: Build): boolean => WebAssembly.validate(Uint8Array.from(features[build]));

/** Explains why a build cannot be used and what to do: the engine, a host that forbids compiling, or the file. */
export function refusal(source: WebAssembly.Module | BufferSource, build: Build, cause: unknown): Error {
  if (typeof WebAssembly === 'undefined') {
    return new Error('init: the engine must have WebAssembly, got none (switched off? Lockdown Mode, --jitless); nothing runs without');
  }
  if (!supports('deterministic')) {
    return new Error(
      'init: the engine must have WebAssembly SIMD, got one without; it is in Chrome 91, Firefox 89, Safari 16.4, Node 16.4 and newer',
    );
  }
  if (!supports(build)) {
    return new Error(`init: build '${build}' needs WebAssembly relaxed SIMD, got an engine without; 'deterministic' runs here`);
  }
  if (source instanceof WebAssembly.Module) return otherMark(source, build);
  if (!(source instanceof ArrayBuffer || ArrayBuffer.isView(source))) {
    return new TypeError(
      `init: module must be a WebAssembly.Module and bytes a buffer, both of this realm, got ${Object.prototype.toString.call(source)}`,
    );
  }
  if (!WebAssembly.validate(source)) {
    return new Error(`init: bytes must be a whole saccade.wasm, got ${describe(source)}; fetch or copy the file again`, { cause });
  }
  if (cause === undefined) return otherMark(new WebAssembly.Module(source), build);
  const reason = JSON.stringify(cause instanceof Error ? cause.message : String(cause));
  return new Error(
    `init: the host must allow WebAssembly to be compiled, got ${reason}; a page needs 'wasm-unsafe-eval' in the script-src of its ` +
      'Content-Security-Policy, a Worker init({ module }) with what it imports from saccade/saccade.wasm',
    { cause },
  );
}

function otherMark(module: WebAssembly.Module, build: Build): Error {
  const name = build === 'relaxed' ? 'saccade.relaxed.wasm' : 'saccade.wasm';
  const found = markIn(module) ?? 'a module without a mark';
  return new Error(`init: module must be the ${name} installed with this JavaScript, ${markOf(build)}, got ${found}; copy the file again`);
}

/** Explains why bytes are not a module, in an engine that supports every feature of the build. */
function describe(source: BufferSource): string {
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  if (PREFIX.slice(0, 4).some((byte, i) => byte !== bytes[i])) {
    const text = String.fromCharCode(...Array.from(bytes.subarray(0, 8), (byte) => (byte >= 32 && byte < 127 ? byte : 46)));
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
