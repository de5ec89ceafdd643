import { bytesOf, type FileData, type FileDType, fail } from './format.ts';

/** Bytes with an own buffer, so that a typed array of any element can lie on it. */
export type OwnBytes = Uint8Array<ArrayBuffer>;

const arrays = { F64: Float64Array, I64: BigInt64Array, F32: Float32Array, I32: Int32Array } as const;

/** Files are little-endian and so is WebAssembly; on a machine that is not, typed arrays are neither. */
function expectLittleEndian(): void {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) fail('machine must be little-endian', 'a big-endian one');
}

/** The elements of a tensor's bytes. Takes the bytes over: they must start their buffer and are not copied again. */
export function decode(name: string, dtype: FileDType, bytes: OwnBytes): FileData {
  expectLittleEndian();
  switch (dtype) {
    case 'U8':
      return bytes;
    case 'BOOL':
      expectBooleans(name, bytes);
      return bytes;
    case 'F16':
      return widen(bytes, halfToFloat);
    case 'BF16':
      return widen(bytes, (half) => half << 16);
    default:
      return new arrays[dtype](bytes.buffer, 0, bytes.length / bytesOf(dtype));
  }
}

/** The bytes of elements as the file holds them: a view where the array fits the type. */
export function encode(name: string, dtype: FileDType, data: FileData): Uint8Array {
  expectLittleEndian();
  const of = JSON.stringify(name);
  if (dtype === 'F16' || dtype === 'BF16') fail(`${of} must have a dtype that can be written`, dtype);
  const expected = dtype === 'U8' || dtype === 'BOOL' ? Uint8Array : arrays[dtype];
  if (!(data instanceof expected)) fail(`${of} must be a ${expected.name}, being ${dtype}`, (data as FileData).constructor.name);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === 'BOOL') expectBooleans(name, bytes);
  return bytes;
}

function expectBooleans(name: string, bytes: Uint8Array): void {
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined) fail(`${JSON.stringify(name)} must hold 0 and 1, being BOOL`, wrong);
}

function widen(bytes: OwnBytes, bits: (half: number) => number): Float32Array {
  const halves = new Uint16Array(bytes.buffer, 0, bytes.length / 2);
  return new Float32Array(Int32Array.from(halves, bits).buffer);
}

/** The float32 bits of an IEEE 754 binary16; exact, NaN payloads kept. */
export function halfToFloat(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // puts the first set bit where the implied one stands
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}
