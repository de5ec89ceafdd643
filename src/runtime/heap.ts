/** The alignment and size unit of blocks, in bytes (wasm) or elements (reference). */
const ALIGN = 64;

/** The largest end of a block. A block that ended at 2^32 would end at address 0 for kernels, whose addresses have 32 bits. */
const LAST = 2 ** 32 - ALIGN;

/** Thrown when an allocation fails; every live tensor stays intact. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
}

/** The result of `memoryReport`; sizes in bytes. */
export interface MemoryReport {
  /** Blocks in use. */
  blocks: number;
  /** Bytes in use, rounded up to whole blocks. */
  bytes: number;
  /** Peak of the bytes in use. */
  peak: number;
  /** Current size of the memory in bytes. */
  reserved: number;
  /** The blocks in use that no scope frees: parameters, and tensors made outside every scope. */
  outside: { blocks: number; bytes: number };
}

/** The address space that a heap manages: it grows at its end and never moves. */
export interface Space {
  /** The first usable address. */
  readonly start: number;
  /** Bytes per address: 1, or 8 where addresses count float64 elements. */
  readonly unit: number;
  /** The end of the usable addresses. */
  end(): number;
  /** Extends the usable addresses to `end`; false if that is impossible. */
  grow(end: number): boolean;
}

interface Span {
  at: number;
  size: number;
}

/**
 * A size-class allocator. A freed block waits in its class for the next request of that class, which suits loops. Before the memory grows,
 * all waiting blocks are merged into spans, so changing sizes do not fragment it permanently.
 */
export class Heap {
  /** Blocks that no scope frees, and the number of their bytes at which a collection is requested. */
  readonly outside = { blocks: 0, bytes: 0, limit: 0 };
  readonly space: Space;
  /** The end of all addresses handed out so far, including freed ones. */
  allocated = 0;
  #classes = new Map<number, number[]>();
  #spans: Span[] = [];
  readonly #withheld: number[] = [];
  #top: number;
  #blocks = 0;
  #used = 0;
  #peak = 0;

  constructor(space: Space) {
    this.space = space;
    this.#top = Math.ceil(space.start / ALIGN) * ALIGN;
  }

  /**
   * Allocates `size` addresses, at least one block even for 0. Pass {@link capacity}`(size)` to {@link free}. Here and in `free` the counters
   * are updated last and without a call, so an error on the way, even a stack overflow, leaves them consistent.
   */
  allocate(size: number): number {
    if (!(size >= 0)) throw new RangeError(`memory: size must be from 0, got ${size}`);
    const capacity = Heap.capacity(size);
    const at = this.#classes.get(capacity)?.pop() ?? this.#fromSpans(capacity) ?? this.#fromEnd(capacity);
    this.#blocks++;
    this.#used += capacity;
    this.allocated += capacity;
    if (this.#used > this.#peak) this.#peak = this.#used;
    return at;
  }

  free(at: number, capacity: number): void {
    const list = this.#classes.get(capacity);
    if (this.#withheld.length === 0 || !this.#withheld.some((address) => address >= at && address < at + capacity)) {
      if (list) list.push(at);
      else this.#classes.set(capacity, [at]);
    }
    this.#blocks--;
    this.#used -= capacity;
  }

  /** Retires the blocks around these addresses: once freed they are never reused, since another thread may still write to them. */
  withhold(addresses: readonly number[]): void {
    this.#withheld.push(...addresses);
  }

  report(): MemoryReport {
    const { unit } = this.space;
    return {
      blocks: this.#blocks,
      bytes: this.#used * unit,
      peak: this.#peak * unit,
      reserved: this.space.end() * unit,
      outside: { blocks: this.outside.blocks, bytes: this.outside.bytes },
    };
  }

  /** Rounds `size` up to its class. There are eight classes per power of two, so at most an eighth is wasted. */
  static capacity(size: number): number {
    if (size <= ALIGN * 8) return Math.max(1, Math.ceil(size / ALIGN)) * ALIGN;
    const step = 1 << (28 - Math.clz32((size - 1) & 0x7fffffff));
    if (size > 0x7fffffff) return Math.ceil(size / 2 ** 28) * 2 ** 28;
    return Math.ceil(size / step) * step;
  }

  #fromSpans(capacity: number): number | undefined {
    for (const span of this.#spans) {
      if (span.size < capacity) continue;
      const { at } = span;
      span.at += capacity;
      span.size -= capacity; // an empty span stays until the next merge
      return at;
    }
    return undefined;
  }

  #fromEnd(capacity: number): number {
    if (!this.#reaches(this.#top + capacity)) {
      this.#merge();
      const at = this.#fromSpans(capacity);
      if (at !== undefined) return at;
      const end = this.#top + capacity;
      if (!this.#reaches(end) && !(end <= LAST && this.space.grow(end))) throw this.#full(capacity);
    }
    const at = this.#top;
    this.#top += capacity;
    return at;
  }

  #reaches(end: number): boolean {
    return end <= Math.min(this.space.end(), LAST);
  }

  #full(capacity: number): OutOfMemoryError {
    const { bytes, reserved, outside } = this.report();
    return new OutOfMemoryError(
      `memory: the limit must hold every live tensor, got a request for ${capacity * this.space.unit} bytes with ${bytes} in use, ` +
        `${outside.bytes} of them in ${outside.blocks} tensors outside every scope, and ${reserved} reserved; work in scope(() => …) or infer(() => …)`,
    );
  }

  /** Merges every waiting block into a span and returns a span at the top to the unused space. It takes effect at its end, or not at all. */
  #merge(): void {
    const free = this.#spans.filter((span) => span.size > 0);
    for (const [size, list] of this.#classes) for (const at of list) free.push({ at, size });
    free.sort((a, b) => a.at - b.at);
    const spans: Span[] = [];
    for (const { at, size } of free) {
      const last = spans.at(-1);
      if (last && last.at + last.size === at) last.size += size;
      else spans.push({ at, size });
    }
    const last = spans.at(-1);
    const top = last && last.at + last.size === this.#top ? last.at : this.#top;
    if (top < this.#top) spans.pop();
    this.#classes = new Map();
    this.#spans = spans;
    this.#top = top;
  }
}
