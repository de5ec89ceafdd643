// Bytes by name that outlive the page: one interface for the places where a browser keeps them.

import { isText } from '../tensor/check.ts';

/** A place for files in the browser. Each belongs to the page's origin, and works in workers too. */
export interface Store {
  /** The bytes of a file; `undefined` if there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Writes a file, as the bytes are at the call. On an error, or if the page dies meanwhile, the old file stays whole. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Deletes a file, if there is one. */
  delete(name: string): Promise<void>;
  /** The names of all files, sorted. */
  names(): Promise<string[]>;
}

/** A copy of bytes in a buffer of its own: a view would store the whole of the one it is on. */
export function copied(store: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${store}: bytes must be a Uint8Array, got ${typeof bytes}`);
  if (bytes.length === 0) throw new RangeError(`${store}: bytes must hold something, got none`);
  return new Uint8Array(bytes);
}

/** What a browser says when it refuses, and what it asks for. */
const advice: Readonly<Record<string, string>> = {
  QuotaExceededError: '; there is no room left: delete other files, or ask for navigator.storage.persist()',
  InvalidStateError: '; a private window may keep no files: go on without',
  SecurityError: '; a private window, or a frame of another site, may keep no files: go on without',
};

/** Runs a request, and says what was asked for where the browser refuses it. */
export async function asked<T>(store: string, op: string, name: string, request: () => Promise<T>): Promise<T> {
  isText(store, 'name', name);
  try {
    return await request();
  } catch (cause) {
    const hint = advice[(cause as Error | null)?.name ?? ''] ?? '';
    throw new Error(`${store}: the browser must allow ${op}(${JSON.stringify(name)}), got ${cause}${hint}`, { cause });
  }
}
