// One file that outlives the page, in IndexedDB: there in every browser, in workers too. Where it is refused (private windows), nothing is kept.

const NAME = 'lesson';

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open('saccade-page', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(NAME);
  return done(request);
}

const done = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function store<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const database = await opened();
    try {
      return await done(ask(database.transaction(NAME, mode).objectStore(NAME)));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

/** Keeps bytes in place of those kept before. */
export const keep = (bytes: Uint8Array<ArrayBuffer>): Promise<unknown> => store('readwrite', (all) => all.put(bytes, NAME));

/** The bytes kept last. */
export const kept = (): Promise<Uint8Array<ArrayBuffer> | undefined> => store('readonly', (all) => all.get(NAME));

/** Keeps nothing any more. */
export const forget = (): Promise<unknown> => store('readwrite', (all) => all.delete(NAME));
