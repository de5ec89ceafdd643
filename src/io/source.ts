// Sources of a file's bytes: a path, bytes, a Blob, or a stream that is read once.

import { shown } from '../tensor/check.ts';
import { type FilePath, openFile, readExactly } from './disk.ts';
import type { OwnBytes } from './elements.ts';
import { fail } from './words.ts';

/**
 * A safetensors file: a path or a `file:` URL (Node), its bytes, a Blob or a File (including those of the browser's own file system), or a
 * Response or a stream of bytes, which is read as it arrives.
 */
export type FileSource = FilePath | Uint8Array | ArrayBuffer | Blob | Response | ReadableStream<Uint8Array>;

/** Whether a value is where bytes come from. */
export const isFileSource = (from: unknown): from is FileSource =>
  typeof from === 'string' ||
  ArrayBuffer.isView(from) ||
  [URL, ArrayBuffer, Blob, Response, ReadableStream].some((kind) => from instanceof kind);

/** Random access to bytes. */
export interface Source {
  /** `Infinity` if it is unknown. */
  readonly size: number;
  /** Valid until the next call, which reuses the memory. */
  read(at: number, length: number): Promise<OwnBytes>;
  /** Ends the reading; `whole` says that no byte may be left. */
  close(whole: boolean): Promise<void>;
}

/** Opens a source. `piece` is the number of bytes per read, except for the header. */
export async function sourceOf(from: FileSource, piece: number): Promise<Source> {
  if (typeof from === 'string' || from instanceof URL) return ofFile(from, piece);
  if (ArrayBuffer.isView(from)) return ofBytes(new Uint8Array(from.buffer, from.byteOffset, from.byteLength));
  if (from instanceof ArrayBuffer) return ofBytes(new Uint8Array(from));
  if (from instanceof Blob) return ofBlob(from);
  if (from instanceof ReadableStream) return ofStream(from);
  if (!(from instanceof Response))
    throw new TypeError(`loadInto: source must be a path, bytes, a Blob, a Response or a stream, got ${shown(from)}`);
  if (!from.ok || !from.body) throw new Error(`loadInto: response must be ok and have a body, got status ${from.status} of ${from.url}`);
  return ofStream(from.body);
}

async function ofFile(path: FilePath, piece: number): Promise<Source> {
  const file = await openFile(path);
  const close = () => file.close().catch(() => undefined); // what was read is read
  const { size } = await file.stat().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const bytes = new Uint8Array(piece);
  return {
    size,
    read: (at, length) => readExactly(file, at, length, length <= piece ? bytes : undefined),
    close,
  };
}

function ofBytes(all: Uint8Array): Source {
  return { size: all.length, read: async (at, length) => new Uint8Array(all.subarray(at, at + length)), close: async () => {} };
}

function ofBlob(blob: Blob): Source {
  return {
    size: blob.size,
    read: async (at, length) => new Uint8Array(await blob.slice(at, at + length).arrayBuffer()),
    close: async () => {},
  };
}

/** Requests come in ascending order; the bytes before each are skipped. */
function ofStream(stream: ReadableStream<Uint8Array>): Source {
  const reader = stream.getReader();
  let chunk: Uint8Array = new Uint8Array(0); // bytes received and not requested yet
  let place = 0; // position of its first byte
  /** Receives the next chunk; false at the end. */
  const more = async (): Promise<boolean> => {
    place += chunk.length;
    const { done, value } = await reader.read();
    chunk = value ?? new Uint8Array(0);
    return !done;
  };
  return {
    size: Infinity,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const skipped = Math.max(0, at + done - place);
        const part = chunk.subarray(skipped, skipped + length - done);
        bytes.set(part, done);
        done += part.length;
        if (done < length && !(await more())) fail('stream must not end before the file does', `an end at byte ${place}`);
        else if (done === length) {
          chunk = chunk.subarray(skipped + part.length);
          place = at + length;
        }
      }
      return bytes;
    },
    async close(whole) {
      let left = chunk.length > 0;
      while (whole && !left && (await more())) left = chunk.length > 0;
      await reader.cancel().catch(() => undefined);
      if (whole && left) fail('stream must end with the last tensor', `more after byte ${place}`);
    },
  };
}
