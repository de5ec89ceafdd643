import { type Shape, show } from '../tensor/shape.ts';
import { fail, quote } from './words.ts';

/** Supported element types. */
export type FileDType = 'F64' | 'I64' | 'U64' | 'F32' | 'I32' | 'U32' | 'F16' | 'BF16' | 'I16' | 'U16' | 'I8' | 'U8' | 'BOOL';

/** The array type of each supported element type: float32 for F16 and BF16, bytes 0 or 1 for BOOL. */
export const ARRAYS = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  F16: Float32Array,
  BF16: Float32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const satisfies Record<FileDType, unknown>;

/** Elements of a file as typed arrays: float32 for F16 and BF16, bytes 0 or 1 for BOOL. */
export type FileData =
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** The header's entry of a tensor: its bytes are `[begin, end)`, counted from the header's end. */
export interface Layout {
  /** A {@link FileDType}, or another word, with which the tensor can only be left out. */
  readonly dtype: string;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

/** A header that satisfies every rule: the layouts, by name, cover the data exactly. */
export interface Header {
  readonly tensors: Map<string, Layout>;
  /** Without a prototype. */
  readonly metadata: Record<string, string>;
}

/** The longest header accepted by default, in bytes: the limit of the format's own reader. */
export const LONGEST = 100_000_000;

/** The maximal number of axes of a tensor. */
export const RANK = 64;

/** Bytes before the header: its length, as a 64-bit little-endian number. */
export const PREFIX = 8;

/** The layout of a tensor of a supported type. */
export type Readable<T extends { dtype: string } = Layout> = T & { readonly dtype: FileDType };

/** Checks that a tensor's type is supported. */
export function expectReadable<T extends { dtype: string }>(name: string, entry: T): Readable<T> {
  if (Object.hasOwn(ARRAYS, entry.dtype)) return entry as Readable<T>;
  return fail(`${quote(name)} must have a dtype of ${Object.keys(ARRAYS).join(' ')}, or be left out by skip or only`, String(entry.dtype));
}

/** Bytes of an element, read from the names of the format's types: F32, BF16, F8_E4M3, F4. Of other names nothing is known. */
export function bytesOf(dtype: string): number | undefined {
  const bits = dtype === 'BOOL' ? '8' : /^B?[CFIU](\d+)/.exec(dtype)?.[1];
  return bits === undefined ? bits : Number(bits) / 8;
}

/** A length or an offset. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Reads the header's length from the first eight bytes of a file of `size` bytes. */
export function headerLength(prefix: Uint8Array, size: number, most = LONGEST): number {
  if (size < PREFIX || prefix.length < PREFIX) fail(`file must hold at least ${PREFIX} bytes`, size);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (!(length <= most)) fail(`header must be at most ${most} bytes`, length);
  if (length > size - PREFIX) fail(`header must end inside the file of ${size} bytes`, `a length of ${length}`);
  return length;
}

/** Checks a header for consistency with itself and with the `dataLength` bytes after it, each of which belongs to one tensor. */
export function checkLayouts(tensors: ReadonlyMap<string, Layout>, dataLength: number): void {
  for (const [name, layout] of tensors) checkLayout(name, layout, dataLength);
  let at = 0;
  for (const [name, { begin, end }] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) fail(`${quote(name)} must begin where the tensor before it ends, at ${at}`, begin);
    at = end;
  }
  if (at !== dataLength && dataLength < Infinity) fail(`tensors must cover the data of ${dataLength} bytes`, `${at} covered`);
}

function checkLayout(name: string, { dtype, shape, begin, end }: Layout, dataLength: number): void {
  if (begin > end || end > dataLength) fail(`${quote(name)} must lie inside the ${dataLength} bytes of data`, show([begin, end]));
  const unit = bytesOf(dtype);
  let bytes = unit ?? 0;
  for (const length of shape) {
    bytes *= length;
    if (bytes > Number.MAX_SAFE_INTEGER) fail(`${quote(name)} must have fewer than 2^53 bytes`, show(shape));
  }
  if (unit !== undefined && bytes !== end - begin) {
    fail(`${quote(name)} must have as many bytes as ${dtype} ${show(shape)} takes, ${bytes}`, end - begin);
  }
}
