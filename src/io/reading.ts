import { expectNames, type Names as NamesOf, shown } from '../tensor/check.ts';
import { expectSame, takeChecksums } from './checksum.ts';
import { digest as newDigest } from './digest.ts';
import type { OwnBytes } from './elements.ts';
import { expectReadable, headerLength, type Layout, PREFIX, type Readable } from './format.ts';
import { decodeHeader, parseHeader } from './header.ts';
import { fail, listed, quote } from './words.ts';

/** Names: a list, each of which must be in the file, or a predicate. */
export type Names = readonly string[] | ((name: string) => boolean);

/** What to read of a file, and how. */
export interface ReadOptions {
  /** Read only these tensors. */
  only?: Names | undefined;
  /** Leave out these tensors, of whatever type they are. */
  skip?: Names | undefined;
  /** Whether to compare the checksums of a file that has them. Default true. */
  checksum?: boolean | undefined;
  /** The longest header accepted, in bytes. Default 100,000,000. */
  maximumHeader?: number | undefined;
}

const known: NamesOf<ReadOptions> = { only: 0, skip: 0, checksum: 0, maximumHeader: 0 };

/** What was read of a file. `metadata` has no prototype: a missing key is `undefined`, whatever its name. */
export interface FileContent<T> {
  readonly tensors: Map<string, T>;
  readonly metadata: Record<string, string>;
  /** The text of the file's header: `saveFileLike` writes a file of the same names, types and order. */
  readonly header: string;
}

/** The destination of a tensor's bytes, piece by piece. */
export interface Sink<T> {
  /** Takes over the next bytes, whole elements. */
  put(bytes: OwnBytes): void;
  /** Ends the tensor. */
  take(): T;
  /** Frees an unfinished tensor. */
  drop?(): void;
}

/** The destination of a file's tensors. */
export type Target<T> = (name: string, layout: Readable, metadata: Readonly<Record<string, string>>) => Sink<T>;

/**
 * Receives all layouts to be read before any tensor is read. It may throw, reorder them, and choose the number of bytes per read, a
 * multiple of 16.
 */
export type Accept = (wanted: [name: string, layout: Readable][]) => number;

/** The bytes that a reader requests. */
export type Request = readonly [at: number, length: number];

/** The maximal number of bytes per request, so that no file is held as a whole. */
const PIECE = 2 ** 24;

/**
 * Reads a file of `size` bytes, `Infinity` if the size is unknown. It yields requests for bytes and receives them, so that one reader
 * serves bytes, files and streams. It checks everything before it allocates anything; on an error it frees every sink.
 */
export function* reading<T>(
  size: number,
  options: ReadOptions,
  target: Target<T>,
  accept?: Accept,
): Generator<Request, FileContent<T>, OwnBytes> {
  expectNames('safetensors', options, known);
  const start = PREFIX + headerLength(yield [0, Math.min(PREFIX, size)], size, options.maximumHeader);
  const text = decodeHeader(yield [PREFIX, start - PREFIX]);
  const { tensors: layouts, metadata } = parseHeader(text, size - start);
  const checksums = takeChecksums(text, metadata, layouts.keys(), options.checksum ?? true);
  const wanted = chosen(layouts, options);
  const piece = accept?.(wanted) ?? PIECE;
  const sinks: Sink<T>[] = [];
  const tensors = new Map<string, T>();
  let whole = false;
  try {
    for (const [name, layout] of wanted) {
      const sink = target(name, layout, metadata);
      if (sink.drop) sinks.push(sink);
      const digest = checksums && newDigest();
      for (let at = layout.begin; at < layout.end; at += piece) {
        const bytes = yield [start + at, Math.min(piece, layout.end - at)];
        digest?.update(bytes);
        sink.put(bytes);
      }
      if (digest) expectSame(quote(name), checksums?.get(name), digest.hex());
      tensors.set(name, sink.take());
    }
    whole = true;
  } finally {
    if (!whole) for (const sink of sinks) sink.drop?.();
  }
  return { tensors, metadata, header: text };
}

/** Reads a file in memory; each piece is copied. */
export function readBytes<T>(bytes: Uint8Array | ArrayBuffer, options: ReadOptions, target: Target<T>): FileContent<T> {
  if (typeof bytes?.byteLength !== 'number') return fail('file must be a Uint8Array or an ArrayBuffer', typeof bytes);
  const all = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
  const steps = reading(all.length, options, target);
  let step = steps.next();
  while (!step.done) {
    const [at, length] = step.value;
    step = steps.next(new Uint8Array(all.subarray(at, at + length)));
  }
  return step.value;
}

/** The layouts that the options select, of supported types. */
function chosen(layouts: ReadonlyMap<string, Layout>, { only, skip }: ReadOptions): [string, Readable][] {
  const keep = matcher('only', only, layouts);
  const leave = matcher('skip', skip, layouts);
  const wanted: [string, Readable][] = [];
  for (const [name, layout] of layouts) {
    if ((keep?.(name) ?? true) && !leave?.(name)) wanted.push([name, expectReadable(name, layout)]);
  }
  return wanted;
}

function matcher(option: string, names: Names | undefined, layouts: ReadonlyMap<string, Layout>): ((name: string) => boolean) | undefined {
  if (names === undefined || typeof names === 'function') return names;
  if (!Array.isArray(names)) fail(`${option} must be an array of names or a function`, shown(names));
  const missing = names.filter((name) => !layouts.has(name));
  if (missing.length > 0) fail(`${option} must name tensors of the file, ${listed(layouts.keys())}`, listed(missing));
  const set = new Set(names);
  return (name) => set.has(name);
}
