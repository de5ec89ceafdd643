import { type Backend, backend } from './backend.ts';
import { now, tick } from './clock.ts';
import { Heap, type MemoryReport, OutOfMemoryError } from './heap.ts';
import { type Block, reclaim, unwatch, watch } from './outside.ts';

/** Allocates `capacity` addresses; before it fails it requests a collection. */
function room(heap: Heap, capacity: number): number {
  try {
    return heap.allocate(capacity);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError) || !reclaim(heap)) throw error;
    return heap.allocate(capacity);
  }
}

/** A block of memory that tensors share. The scope that owns it frees it, or else the collector. */
export class Storage {
  readonly backend: Backend;
  /** Address of the first element. */
  readonly at: number;
  private readonly capacity: number;
  private owner: Storage[] | null;
  private block: Block | null = null;
  private freed = true; // until there is a block
  /** The time of the last known write after creation; 0 if there was none. */
  private written = 0;
  /** A hash of the elements when a live view was last handed out; a change since then counts as a write at that time. */
  private hash = 0;
  /** Its name in errors; usually empty. */
  name = '';
  /** The time of its creation. */
  readonly made = tick();

  /** Allocates `elements` elements on the active backend, owned by the innermost open scope. */
  constructor(elements: number) {
    this.backend = backend();
    this.capacity = Heap.capacity(elements * this.backend.unit);
    this.owner = scope;
    if (scope) scope.push(this); // before the block exists, so a failure in between loses nothing
    this.at = room(this.backend.heap, this.capacity);
    this.freed = false;
    if (!scope) this.watch();
  }

  get live(): boolean {
    return !this.freed;
  }

  /** The time of the last possible write, 0 if there was none. Data derived from the elements stays valid until it changes. */
  version = 0;

  /** Notes that elements have changed. */
  touch(): void {
    this.written = tick();
    this.version = this.written;
  }

  /** Notes that a live view is handed out, through which elements may be read or written. */
  look(): void {
    if (this.made === now()) {
      this.touch(); // nobody can have read them yet
      return;
    }
    const hash = this.bits();
    if (this.version !== this.written && hash !== this.hash) this.written = this.version;
    this.hash = hash;
    this.version = tick();
  }

  /** Whether elements have changed after the moment `since`. */
  changed(since: number): boolean {
    return this.written > since || (this.version > since && this.bits() !== this.hash);
  }

  /** FNV-1a over all words of the block: a change of any single word changes it. */
  private bits(): number {
    const { buffer, byteOffset, byteLength } = this.backend.view(this.at, this.capacity / this.backend.unit, 'float32');
    let hash = 0x811c9dc5;
    for (const word of new Int32Array(buffer, byteOffset, byteLength / 4)) hash = Math.imul(hash ^ word, 0x01000193);
    return hash;
  }

  /** Whether a scope frees it. */
  get scoped(): boolean {
    return this.owner !== null;
  }

  ownedBy(list: Storage[]): boolean {
    return this.owner === list;
  }

  /** Whether `elements` elements fit into the block. */
  holds(elements: number): boolean {
    return elements * this.backend.unit <= this.capacity;
  }

  /** Frees the block now. A second call does nothing. */
  free(): void {
    if (this.freed) return;
    this.unwatch();
    this.backend.heap.free(this.at, this.capacity);
    this.freed = true;
  }

  /** Moves the block to another owner: a scope's list, or `null` for the collector. */
  moveTo(owner: Storage[] | null): void {
    if (this.freed || this.owner === owner) return;
    this.unwatch();
    this.owner = owner;
    if (owner) owner.push(this);
    else this.watch();
  }

  /** Frees what a scope's list still owns. */
  static release(list: Storage[]): void {
    for (const storage of list) if (storage.owner === list) storage.free();
  }

  private watch(): void {
    const { at, capacity } = this;
    const { heap } = this.backend;
    this.block = { heap, at, capacity, bytes: capacity * heap.space.unit };
    watch(this, this.block);
  }

  private unwatch(): void {
    if (!this.block) return;
    unwatch(this.block);
    this.block = null;
  }
}

let scope: Storage[] | null = null;

/** The lists of open scopes, and how many are open. After a stack overflow during a release there may be more lists than open scopes. */
const lists: Storage[][] = [];
let depth = 0;

/** Frees the scopes inside the outermost `count`. */
function close(count: number): void {
  while (lists.length > count) {
    Storage.release(lists.at(-1) ?? []);
    lists.pop();
  }
}

/** The innermost open scope's list; `null` outside all scopes. */
export function currentScope(): Storage[] | null {
  return scope;
}

/** Runs `fn` with a list of its own for new storages. At the end `keep` may move some to the outer list; the others are freed. */
export function scoped<T>(fn: () => T, keep: (result: T, list: Storage[], outer: Storage[] | null) => void): T {
  const outer = scope;
  const before = depth;
  const list: Storage[] = [];
  if (lists.length > before) close(before);
  try {
    lists.push(list);
    depth = before + 1;
    scope = list;
    const result = fn();
    scope = outer;
    keep(result, list, outer);
    return result;
  } finally {
    scope = outer;
    depth = before;
    close(before);
  }
}

/** Runs `fn` with new storages recorded in `list`. */
export function within<T>(list: Storage[] | null, fn: () => T): T {
  const before = scope;
  scope = list;
  try {
    return fn();
  } finally {
    scope = before;
  }
}

/** Reports live blocks, their bytes, the peak and the memory size of the active backend. */
export function memoryReport(): MemoryReport {
  return backend().heap.report();
}
