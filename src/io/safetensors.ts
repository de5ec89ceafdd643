import { expectNames, type Names, shown } from '../tensor/check.ts';
import { type Shape, show, sizeOf } from '../tensor/shape.ts';
import { checksums, sealed } from './checksum.ts';
import { digestOf } from './digest.ts';
import { decode, encode, type OwnBytes } from './elements.ts';
import { ARRAYS, bytesOf, expectReadable, type FileData, type FileDType, isCount, PREFIX, RANK, type Readable } from './format.ts';
import { METADATA } from './header.ts';
import { type FileContent, type ReadOptions, readBytes, type Sink, type Target } from './reading.ts';
import { fail, isUnicode, quote } from './words.ts';

/** One tensor of a file, as plain numbers. */
export interface FileTensor {
  /** Element type. */
  readonly dtype: FileDType;
  /** Shape; `[]` for a single number. */
  readonly shape: Shape;
  /** The elements in row-major order. */
  readonly data: FileData;
}

/** The contents of a file besides its tensors. */
export interface WriteOptions {
  /** Strings stored with the tensors, under `__metadata__`. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** Whether to store checksums in the metadata, which other readers ignore. Default true. */
  checksum?: boolean | undefined;
}

const writing: Names<WriteOptions> = { metadata: 0, checksum: 0 };

/** Collects a tensor's bytes as plain numbers. */
class ArraySink implements Sink<FileTensor> {
  private readonly name: string;
  private readonly layout: Readable;
  private bytes: OwnBytes | undefined;
  private at = 0;

  constructor(name: string, layout: Readable) {
    this.name = name;
    this.layout = layout;
  }

  put(piece: OwnBytes): void {
    const { begin, end } = this.layout;
    if (piece.length === end - begin) this.bytes = piece;
    else {
      this.bytes ??= new Uint8Array(end - begin);
      this.bytes.set(piece, this.at);
      this.at += piece.length;
    }
  }

  take(): FileTensor {
    const { dtype, shape } = this.layout;
    return { dtype, shape, data: decode(this.name, dtype, this.bytes ?? new Uint8Array(0)) };
  }
}

/** A file's tensors as plain numbers. */
export const arrays: Target<FileTensor> = (name, layout) => new ArraySink(name, layout);

/**
 * Reads a safetensors file (https://github.com/huggingface/safetensors#format). It checks everything before it allocates anything: a torn
 * or hostile file is an error `safetensors: rule, got values`. Elements are copied; F16 and BF16 become float32.
 */
export function readSafetensors(bytes: Uint8Array | ArrayBuffer, options: ReadOptions = {}): FileContent<FileTensor> {
  return readBytes(bytes, options, arrays);
}

/**
 * Writes a safetensors file. The header has the names in the order given; the data begins at a multiple of 8 bytes and is sorted by
 * decreasing element size, so that every tensor is aligned. The same entries give the same bytes. F16 and BF16 take float32 data and round
 * to nearest, ties to even; a value that would become infinite is an error.
 */
export function writeSafetensors(entries: Iterable<readonly [string, FileTensor]>, options: WriteOptions = {}): Uint8Array<ArrayBuffer> {
  return joined(layOut(eachEncoded(entries), options));
}

/** A tensor in the form of a file. */
export interface FileEntry {
  /** Element type. */
  readonly dtype: FileDType;
  /** Shape; `[]` for a single number. */
  readonly shape: Shape;
  /** The elements as the file holds them, little-endian. */
  readonly bytes: Uint8Array;
}

/** The entries as a list. It refuses anything else, since a file without a tensor would hide the mistake. */
export function listOf<T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] {
  const list = Symbol.iterator in Object(entries) ? [...entries] : [entries];
  const wrong = list.findIndex((entry) => !Array.isArray(entry) || typeof entry[0] !== 'string');
  if (wrong < 0) return list as (readonly [string, T])[];
  return fail('tensors must be entries such as model.stateDict()', (list[wrong] as object | undefined)?.constructor.name ?? 'none');
}

function* eachEncoded(entries: Iterable<readonly [string, FileTensor]>): Iterable<readonly [string, FileEntry]> {
  for (const [name, entry] of listOf(entries)) yield [name, encoded(name, entry)];
}

/** Checks a tensor of plain numbers and returns it in the form of a file. */
export function encoded(name: string, entry: FileTensor): FileEntry {
  const { dtype, shape, data } = expectReadable(name, entry);
  expectLengths(name, shape);
  if (sizeOf(shape) !== data?.length) fail(`${quote(name)} must hold as many elements as ${show(shape)}`, data?.length ?? 'nothing');
  const expected = ARRAYS[dtype];
  if (!(data instanceof expected))
    return fail(`${quote(name)} must be a ${expected.name}, being ${dtype}`, (data as FileData).constructor.name);
  return { dtype, shape, bytes: encode(name, dtype, data) };
}

/** Checks that a file can hold a shape. */
export function expectLengths(name: string, shape: Shape): void {
  if (shape.length > RANK || !shape.every(isCount))
    fail(`${quote(name)} must have a shape of whole numbers from 0, at most ${RANK}`, show(shape));
}

/** Joins pieces. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A file as consecutive pieces: the header, then the data of the tensors in file order. */
export function layOut(entries: Iterable<readonly [string, FileEntry]>, options: WriteOptions): Uint8Array[] {
  expectNames('safetensors', options, writing);
  const { metadata = {}, checksum = true } = options;
  checkMetadata(metadata);
  const written = new Map<string, FileEntry & { data_offsets?: [number, number] }>();
  for (const [name, entry] of entries) {
    if (name === METADATA || written.has(name)) fail(`names must be given once and not be ${METADATA}`, quote(name));
    expectUnicode(name);
    written.set(name, { ...entry });
  }
  const inFile = [...written.values()].sort((a, b) => (bytesOf(b.dtype) as number) - (bytesOf(a.dtype) as number));
  let at = 0;
  for (const entry of inFile) {
    entry.data_offsets = [at, at + entry.bytes.length];
    at += entry.bytes.length;
  }
  const header = new Map<string, unknown>();
  const digests = checksum ? Array.from(written.values(), ({ bytes }) => digestOf(bytes)) : undefined;
  if (checksum || Object.keys(metadata).length > 0) header.set(METADATA, { ...metadata, ...checksums(digests) });
  for (const [name, { dtype, shape, data_offsets }] of written) header.set(name, { dtype, shape, data_offsets });
  const text = encodeHeader(header);
  return [...withLength(checksum ? sealed(text) : text), ...inFile.map(({ bytes }) => bytes)];
}

function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  if (Object.prototype.toString.call(metadata) !== '[object Object]') fail(`${METADATA} must be an object of strings`, shown(metadata));
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') fail(`${METADATA} must hold strings, at ${quote(name)}`, typeof text);
    else for (const part of [name, text]) expectUnicode(part);
  }
}

function expectUnicode(text: string): void {
  if (!isUnicode(text)) fail('names and metadata must be whole characters', quote(text));
}

/** The JSON, padded with spaces to a multiple of 8 bytes. */
function encodeHeader(header: ReadonlyMap<string, unknown>): string {
  const json = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',');
  const { length } = new TextEncoder().encode(`{${json}}`);
  return `{${json}}${' '.repeat(-length & (PREFIX - 1))}`;
}

/** A header's text after its length. */
export function withLength(header: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(header);
  return [new Uint8Array(BigUint64Array.of(BigInt(bytes.length)).buffer), bytes];
}
