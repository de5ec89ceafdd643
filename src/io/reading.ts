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
  /** The tensors by name, in the order of the header. */
  readonly tensors: Map<string, T>;
  /** Strings stored with the tensors. */
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

/** The bytes that a reader requests. */
export type Request = readonly [at: number, length: number];

/** The maximal number of bytes per request, so that no file is held as a whole. */
const PIECE = 2 ** 24;

/** A file whose header is read and checked. */
export interface Opened extends Omit<FileContent<unknown>, 'tensors'> {
  /** The tensors that the options leave, of types that are read. */
  readonly wanted: readonly (readonly [name: string, layout: Readable])[];
  /** Reads these of them, `piece` bytes at a time, a multiple of 16. On an error no sink is left. */
  read<T>(target: Target<T>, among: Opened['wanted'], piece?: number): Generator<Request, FileContent<T>, OwnBytes>;
}

/** Reads the header of a file of `size` bytes, `Infinity` where that is not known: yields what bytes it wants and is given them. */
export function* opening(size: number, options: ReadOptions): Generator<Request, Opened, OwnBytes> {
  expectNames('safetensors', options, known);
  const start = PREFIX + headerLength(yield [0, Math.min(PREFIX, size)], size, options.maximumHeader);
  const header = decodeHeader(yield [PREFIX, start - PREFIX]);
  const { tensors: layouts, metadata } = parseHeader(header, size - start);
  const checksums = takeChecksums(header, metadata, layouts.keys(), options.checksum ?? true);
  function* read<T>(target: Target<T>, among: Opened['wanted'], piece = PIECE): Generator<Request, FileContent<T>, OwnBytes> {
    const sinks: Sink<T>[] = [];
    const tensors = new Map<string, T>();
    try {
      for (const [name, layout] of among) {
        const sink = target(name, layout, metadata);
        sinks.push(sink);
        const digest = checksums && newDigest();
        for (let at = layout.begin; at < layout.end; at += piece) {
          const bytes = yield [start + at, Math.min(piece, layout.end - at)];
          digest?.update(bytes);
          sink.put(bytes);
        }
        if (digest) expectSame(quote(name), checksums?.get(name), digest.hex());
        tensors.set(name, sink.take());
      }
      sinks.length = 0;
      return { tensors, metadata, header };
    } finally {
      for (const sink of sinks) sink.drop?.();
    }
  }
  return { wanted: chosen(layouts, options), metadata, header, read };
}

/**
 * Reads a file of `size` bytes: yields what bytes it wants and is given them, so that one reader serves bytes and files. Everything is checked before
 * anything is allocated.
 */
export function* reading<T>(size: number, options: ReadOptions, target: Target<T>): Generator<Request, FileContent<T>, OwnBytes> {
  const { wanted, read } = yield* opening(size, options);
  return yield* read(target, wanted);
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
  const isWanted = ([name]: [string, Layout]) => (keep?.(name) ?? true) && !leave?.(name);
  return [...layouts].filter(isWanted).map(([name, layout]) => [name, expectReadable(name, layout)]);
}

function matcher(option: string, names: Names | undefined, layouts: ReadonlyMap<string, Layout>): ((name: string) => boolean) | undefined {
  if (names === undefined || typeof names === 'function') return names;
  if (!Array.isArray(names)) fail(`${option} must be an array of names or a function`, shown(names));
  const missing = names.filter((name) => !layouts.has(name));
  if (missing.length > 0) fail(`${option} must name tensors of the file, ${listed(layouts.keys())}`, listed(missing));
  const set = new Set(names);
  return (name) => set.has(name);
}
