import { ARRAYS, type FileData, type FileDType } from './format.ts';
import { narrowed, widened } from './half.ts';
import { fail, quote } from './words.ts';

/** Bytes with their own buffer, so that a typed array of any element type can view them. */
export type OwnBytes = Uint8Array<ArrayBuffer>;

/**
 * The elements in a tensor's bytes. It takes over the bytes, which must be at the start of their buffer, without a copy. Files are
 * little-endian, and so are typed arrays on every engine with WebAssembly.
 */
export function decode(name: string, dtype: FileDType, bytes: OwnBytes): FileData {
  if (dtype === 'F16' || dtype === 'BF16') return widened(new Uint16Array(bytes.buffer, 0, bytes.length / 2), dtype);
  if (dtype === 'BOOL') expectBooleans(name, bytes);
  const type = ARRAYS[dtype];
  if (bytes.length === 0) return new type(0);
  return new type(bytes.buffer, 0, bytes.length / type.BYTES_PER_ELEMENT);
}

/** The bytes of elements as stored in the file; a view if the array is of the type's kind in {@link ARRAYS}. */
export function encode(name: string, dtype: FileDType, data: FileData): Uint8Array {
  const halves = dtype === 'F16' || dtype === 'BF16';
  const { buffer, byteOffset, byteLength } = halves ? narrowed(data as Float32Array, dtype, (value) => tooLarge(name, dtype, value)) : data;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (dtype === 'BOOL') expectBooleans(name, bytes);
  return bytes;
}

/** Elements in the form of a tensor: float32, or int32 if they fit. A value that would change is an error. */
export function fitted(name: string, data: FileData): Exclude<FileData, BigInt64Array | BigUint64Array> {
  if (data instanceof Float64Array) {
    for (const value of data) if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) tooLarge(name, 'float32', value);
  }
  if (data instanceof Uint32Array || data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (const value of data) if (Number(value) !== (Number(value) | 0)) tooLarge(name, 'int32', value);
    return Int32Array.from(data as BigInt64Array, Number);
  }
  return data;
}

function expectBooleans(name: string, bytes: Uint8Array): void {
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined) fail(`${quote(name)} must hold 0 and 1, being BOOL`, wrong);
}

function tooLarge(name: string, dtype: string, value: number | bigint): never {
  return fail(`${quote(name)} must fit ${dtype}`, String(value));
}
