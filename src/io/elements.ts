import { ARRAYS, type FileData, type FileDType } from './format.ts';
import { floatToBrain, floatToHalf, halfToFloat } from './half.ts';
import { fail, quote } from './words.ts';

/** Bytes with an own buffer, so that a typed array of any element can lie on it. */
export type OwnBytes = Uint8Array<ArrayBuffer>;

/**
 * The elements of a tensor's bytes. Takes the bytes over: they must start their buffer and are not copied again. Files are
 * little-endian, and so are typed arrays where WebAssembly is.
 */
export function decode(name: string, dtype: FileDType, bytes: OwnBytes): FileData {
  if (dtype === 'F16') return widen(bytes, halfToFloat);
  if (dtype === 'BF16') return widen(bytes, (half) => half << 16);
  if (dtype === 'BOOL') expectBooleans(name, bytes);
  const type = ARRAYS[dtype];
  if (bytes.length === 0) return new type(0);
  return new type(bytes.buffer, 0, bytes.length / type.BYTES_PER_ELEMENT);
}

/** The bytes of elements as the file holds them: a view where the array fits the type. */
export function encode(name: string, dtype: FileDType, data: FileData): Uint8Array {
  const expected = ARRAYS[dtype];
  if (!(data instanceof expected)) {
    return fail(`${quote(name)} must be a ${expected.name}, being ${dtype}`, (data as FileData | undefined)?.constructor.name ?? 'nothing');
  }
  if (dtype === 'F16' || dtype === 'BF16') return narrow(name, dtype, data as Float32Array);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === 'BOOL') expectBooleans(name, bytes);
  return bytes;
}

/** Elements as a tensor takes them: float32 or what fits int32. A number that would become another is an error. */
export function fitted(name: string, data: FileData): Exclude<FileData, BigInt64Array | BigUint64Array> {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (const value of data) if (value !== BigInt.asIntN(32, value)) fail(`${quote(name)} must fit int32`, String(value));
    return Int32Array.from(data as BigInt64Array, Number);
  }
  if (data instanceof Uint32Array) for (const value of data) if (value > 0x7fffffff) fail(`${quote(name)} must fit int32`, value);
  if (data instanceof Float64Array) for (const value of data) expectFinite(name, 'float32', Math.fround(value), value);
  return data;
}

function expectBooleans(name: string, bytes: Uint8Array): void {
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined) fail(`${quote(name)} must hold 0 and 1, being BOOL`, wrong);
}

function expectFinite(name: string, dtype: string, rounded: number, value: number): void {
  if (Math.abs(rounded) === Infinity && Math.abs(value) !== Infinity) fail(`${quote(name)} must fit ${dtype}`, value);
}

function widen(bytes: OwnBytes, bits: (half: number) => number): Float32Array {
  const halves = new Uint16Array(bytes.buffer, 0, bytes.length / 2);
  const wide = new Int32Array(halves.length);
  for (let i = 0; i < wide.length; i++) wide[i] = bits(halves[i] as number);
  return new Float32Array(wide.buffer);
}

function narrow(name: string, dtype: 'F16' | 'BF16', data: Float32Array): Uint8Array {
  const round = dtype === 'F16' ? floatToHalf : floatToBrain;
  const infinite = dtype === 'F16' ? 0x7c00 : 0x7f80;
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  const halves = new Uint16Array(data.length);
  for (let i = 0; i < halves.length; i++) {
    const half = round(bits[i] as number);
    if ((half & 0x7fff) === infinite) expectFinite(name, dtype, Infinity, data[i] as number);
    halves[i] = half;
  }
  return new Uint8Array(halves.buffer);
}
