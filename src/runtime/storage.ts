import { type Backend, backend } from './backend.ts';
import { Heap, type MemoryReport } from './heap.ts';

/** A block of memory that tensors share. Who frees it: the scope it was made in, the scope it was kept by, or the collector. */
export class Storage {
  readonly backend: Backend;
  /** Address of the first element. */
  readonly at: number;
  private readonly capacity: number;
  private owner: Storage[] | null;
  private freed = false;
  private changes = 0;

  /** Room for `elements` elements on the active backend, owned by the innermost open scope. */
  constructor(elements: number) {
    this.backend = backend();
    this.capacity = Heap.capacity(elements * this.backend.unit);
    this.at = this.backend.heap.allocate(this.capacity);
    this.owner = scope;
    if (scope) scope.push(this);
    else this.watch();
  }

  get live(): boolean {
    return !this.freed;
  }

  /** Counts what may have written into it: changed by {@link touch}, for what is worked out from the elements and kept. */
  get version(): number {
    return this.changes;
  }

  /** Says that elements may have changed. */
  touch(): void {
    this.changes++;
  }

  /** Whether a scope frees it. */
  get scoped(): boolean {
    return this.owner !== null;
  }

  ownedBy(list: Storage[]): boolean {
    return this.owner === list;
  }

  /** Gives the block back now. Calling it twice does nothing. */
  free(): void {
    if (this.freed) return;
    this.freed = true;
    if (!this.owner) collected.unregister(this);
    this.backend.heap.free(this.at, this.capacity);
  }

  /** Hands the block to another owner: a scope's list, or `null` for the collector. */
  moveTo(owner: Storage[] | null): void {
    if (this.freed || this.owner === owner) return;
    if (!this.owner) collected.unregister(this);
    this.owner = owner;
    if (owner) owner.push(this);
    else this.watch();
  }

  /** Frees what a scope's list still owns. */
  static release(list: Storage[]): void {
    for (const storage of list) if (storage.owner === list) storage.free();
  }

  private watch(): void {
    const { backend, at, capacity } = this;
    collected.register(this, { backend, at, capacity }, this);
  }
}

const collected = new FinalizationRegistry((block: { backend: Backend; at: number; capacity: number }) =>
  block.backend.heap.free(block.at, block.capacity),
);

let scope: Storage[] | null = null;

/** The innermost open scope's list; `null` outside all scopes. */
export function currentScope(): Storage[] | null {
  return scope;
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

/** Live blocks, their bytes, the peak, and what the memory has grown to, of the active backend. */
export function memory(): MemoryReport {
  return backend().heap.report();
}
