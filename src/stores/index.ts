/** Files that a browser keeps for a page. @module */

export { IndexedDBFiles } from './indexed-db.ts';
export { OPFSFiles } from './opfs.ts';
export type { Store } from './store.ts';
