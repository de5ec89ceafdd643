import { isText } from '../tensor/check.ts';
import { asked, copied, type Store } from './store.ts';

/** Names as the file system takes them: without slashes, never `.` or `..`. */
const encoded = (name: string) => `f-${encodeURIComponent(name)}`;
const decoded = (file: string) => decodeURIComponent(file.slice(2));

/** What the types of the DOM leave out. */
interface Entries {
  entries(): AsyncIterable<[string, FileSystemHandle]>;
}

/** `undefined` for a file that is not there. */
const unlessMissing = (error: unknown): undefined => {
  if ((error as Error | null)?.name !== 'NotFoundError') throw error;
  return undefined;
};

/**
 * Bytes by name that outlive the page, as files in the origin's private file system (OPFS): for models of many megabytes, which IndexedDB would
 * copy more than once. A file is written beside the old one and takes its place when it is whole. Without `createWritable`, as in Safari before
 * 26, writing throws: take {@link IndexedDBFiles} there.
 */
export class OPFSFiles implements Store {
  readonly #folder: string;

  /** `folder` separates the files of one program from those of others on the same origin. Default `saccade`. */
  constructor(folder = 'saccade') {
    isText('OPFSFiles', 'folder', folder);
    this.#folder = encoded(folder);
  }

  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#run('read', name, async (folder) => {
      const file = await folder.getFileHandle(encoded(name)).catch(unlessMissing);
      const blob = await file?.getFile();
      return blob?.size ? new Uint8Array(await blob.arrayBuffer()) : undefined; // a page that died in a first write left an empty file
    });
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const copy = copied('OPFSFiles', bytes);
    await this.#run('write', name, async (folder) => {
      const file = await folder.getFileHandle(encoded(name)).catch(unlessMissing);
      // A new file exists, and is empty, before its bytes have come: it is removed again if they do not.
      const made = file ?? (await folder.getFileHandle(encoded(name), { create: true }));
      try {
        const stream = await made.createWritable();
        await stream.write(copy).catch(async (error) => {
          await stream.abort().catch(() => undefined);
          throw error;
        });
        await stream.close();
      } catch (error) {
        if (!file) await folder.removeEntry(encoded(name)).catch(() => undefined);
        throw error;
      }
    });
  }

  async delete(name: string): Promise<void> {
    await this.#run('delete', name, (folder) => folder.removeEntry(encoded(name)).catch(unlessMissing));
  }

  names(): Promise<string[]> {
    return this.#run('names', '', async (folder) => {
      const found: string[] = [];
      for await (const [file, handle] of (folder as unknown as Entries).entries())
        if (file.startsWith('f-') && handle.kind === 'file' && (await (handle as FileSystemFileHandle).getFile()).size)
          found.push(decoded(file));
      return found.sort();
    });
  }

  #run<T>(op: string, name: string, request: (folder: FileSystemDirectoryHandle) => Promise<T>): Promise<T> {
    if (typeof globalThis.navigator?.storage?.getDirectory !== 'function')
      throw new Error(
        'OPFSFiles: navigator.storage.getDirectory must be there, got a host without; use IndexedDBFiles, or saveFile in Node',
      );
    return asked('OPFSFiles', op, name, async () => {
      const root = await navigator.storage.getDirectory();
      return request(await root.getDirectoryHandle(this.#folder, { create: true }));
    });
  }
}
