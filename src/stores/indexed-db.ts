import { isText } from '../tensor/check.ts';
import { asked, copied, type Store } from './store.ts';

const STORE = 'files';

/** The result of a request. */
const resultOf = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * Bytes by name that outlive the page, in IndexedDB: every browser has it, in workers too. `await files.write('model', saveTensors(…))`, and at
 * the next visit `await files.read('model')`. It throws if the browser refuses: without room left, or in some private windows.
 */
export class IndexedDBFiles implements Store {
  readonly #database: string;

  /** `database` separates the files of one program from those of others on the same origin. Default `saccade`. */
  constructor(database = 'saccade') {
    isText('IndexedDBFiles', 'database', database);
    this.#database = database;
  }

  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#run('read', name, 'readonly', (files) => files.get(name));
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const copy = copied('IndexedDBFiles', bytes);
    await this.#run('write', name, 'readwrite', (files) => files.put(copy, name));
  }

  async delete(name: string): Promise<void> {
    await this.#run('delete', name, 'readwrite', (files) => files.delete(name));
  }

  async names(): Promise<string[]> {
    return (await this.#run('names', '', 'readonly', (files) => files.getAllKeys())) as string[];
  }

  /** Runs a request in a transaction of its own. It ends when the transaction has, since only then the change lasts. */
  async #run<T>(op: string, name: string, mode: IDBTransactionMode, request: (files: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    if (typeof indexedDB === 'undefined')
      throw new Error('IndexedDBFiles: indexedDB must be there, got a host without; use saveFile and loadFile in Node');
    return asked('IndexedDBFiles', op, name, async () => {
      const database = await this.#opened();
      try {
        const transaction = database.transaction(STORE, mode);
        const ended = new Promise<void>((resolve, reject) => {
          transaction.oncomplete = () => resolve();
          transaction.onabort = () => reject(transaction.error);
        });
        const [result] = await Promise.all([resultOf(request(transaction.objectStore(STORE))), ended]);
        return result;
      } finally {
        database.close();
      }
    });
  }

  #opened(): Promise<IDBDatabase> {
    const request = indexedDB.open(this.#database, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    return resultOf(request);
  }
}
