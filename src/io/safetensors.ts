import { type Shape, show, sizeOf } from '../tensor/shape.ts';
import { decode, encode } from './elements.ts';
import { bytesOf, type FileData, type FileDType, fail, headerLength, isCount, PREFIX, parseHeader } from './format.ts';

/** One tensor of a file, as plain numbers. */
export interface FileTensor {
  readonly dtype: FileDType;
  readonly shape: Shape;
  readonly data: FileData;
}

/** What a safetensors file holds. `metadata` has no prototype: a missing key is `undefined`, whatever its name. */
export interface FileContent {
  readonly tensors: Map<string, FileTensor>;
  readonly metadata: Record<string, string>;
}

/** What a file holds besides its tensors. */
export interface WriteOptions {
  /** Strings kept beside the tensors, under `__metadata__`. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file (https://github.com/huggingface/safetensors#format). Everything is checked before anything is allocated: a
 * torn or hostile file is an error `safetensors: rule, got values`. Elements are copied; F16 and BF16 become float32.
 */
export function readSafetensors(bytes: Uint8Array | ArrayBuffer): FileContent {
  const all = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const start = PREFIX + headerLength(all.subarray(0, PREFIX), all.length);
  const { tensors, metadata } = parseHeader(all.subarray(PREFIX, start), all.length - start);
  const read = new Map<string, FileTensor>();
  for (const [name, { dtype, shape, begin, end }] of tensors) {
    read.set(name, { dtype, shape, data: decode(name, dtype, new Uint8Array(all.subarray(start + begin, start + end))) });
  }
  return { tensors: read, metadata };
}

/**
 * Writes a safetensors file. Names stand in the header in the order given; the data begins at a multiple of 8 bytes and lies in
 * falling element size, so that every tensor is aligned. The same entries give the same bytes.
 */
export function writeSafetensors(entries: Iterable<readonly [string, FileTensor]>, options: WriteOptions = {}): Uint8Array<ArrayBuffer> {
  const parts = layOut(entries, options);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A file as consecutive pieces: the header, then the data of each tensor where it lies. */
export function layOut(entries: Iterable<readonly [string, FileTensor]>, options: WriteOptions): Uint8Array[] {
  const header = new Map<string, unknown>();
  const { metadata = {} } = options;
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') fail(`__metadata__ must hold strings, at ${JSON.stringify(name)}`, text);
  }
  if (Object.keys(metadata).length > 0) header.set('__metadata__', metadata);

  const written: { bytes: Uint8Array; unit: number; describe: (begin: number) => void }[] = [];
  for (const [name, { dtype, shape, data }] of entries) {
    if (name === '__metadata__' || header.has(name)) fail('names must be given once and not be __metadata__', JSON.stringify(name));
    if (!shape.every(isCount)) fail(`${JSON.stringify(name)} must have a shape of whole numbers from 0`, shape);
    if (sizeOf(shape) !== data.length) fail(`${JSON.stringify(name)} must hold as many elements as ${show(shape)}`, data.length);
    const bytes = encode(name, dtype, data);
    const layout = { dtype, shape, data_offsets: [0, 0] };
    header.set(name, layout);
    const describe = (begin: number): void => {
      layout.data_offsets = [begin, begin + bytes.length];
    };
    written.push({ bytes, unit: bytesOf(dtype), describe });
  }
  written.sort((a, b) => b.unit - a.unit);
  let at = 0;
  for (const { bytes, describe } of written) {
    describe(at);
    at += bytes.length;
  }
  return [encodeHeader(header), ...written.map(({ bytes }) => bytes)];
}

/** The length and the JSON, filled up with spaces to a multiple of 8 bytes. */
function encodeHeader(header: Map<string, unknown>): Uint8Array {
  const json = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',');
  const text = new TextEncoder().encode(`{${json}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, PREFIX);
  return bytes;
}
