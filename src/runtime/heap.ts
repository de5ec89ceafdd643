/** Bytes (wasm) or elements (reference) that every block is aligned to and measured in. */
const ALIGN = 64;

/** The end of the last block: what ended at 2^32 would end at address 0 for a kernel, whose addresses have 32 bits. */
const LAST = 2 ** 32 - ALIGN;

/** Thrown when a block cannot be had; every live tensor is left intact. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
}

/** What `memoryReport` tells; sizes in bytes. */
export interface MemoryReport {
  /** Blocks in use. */
  blocks: number;
  /** Bytes in use, rounded up to whole blocks. */
  bytes: number;
  /** The most bytes that were ever in use at once. */
  peak: number;
  /** Bytes the memory has grown to. */
  reserved: number;
  /** Of the blocks in use, those that no scope frees: parameters, and what was made outside every scope. */
  outside: { blocks: number; bytes: number };
}

/** The address space a heap hands out: it grows at its end and never moves. */
export interface Space {
  /** First address that may be handed out. */
  readonly start: number;
  /** Bytes per address step: 1, or 8 where an address counts float64 elements. */
  readonly unit: number;
  /** Addresses below this may be used. */
  end(): number;
  /** Makes addresses up to `end` usable; false where that cannot be. */
  grow(end: number): boolean;
}

interface Span {
  at: number;
  size: number;
}

/**
 * Size-class allocator. A freed block waits in its class for the next request of the class, which is what loops make; before the
 * memory would grow, all waiting blocks are merged into spans and tried first, so that changing sizes do not fragment it for good.
 */
export class Heap {
  /** Blocks that no scope frees, and at how many bytes of them the collector is asked for its part. */
  readonly outside = { blocks: 0, bytes: 0, limit: 0 };
  readonly space: Space;
  /** Addresses handed out so far, those that came back included. */
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
   * Room for `size` addresses; at least one block even for 0. Pass {@link capacity}`(size)` back to {@link free}. Here and in `free`
   * the counters come last and need no call, so that an error on the way, a full stack too, leaves the books balanced.
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

  /** Blocks around these addresses are never handed out again, once they are freed: somebody may still write there. */
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

  /** `size` rounded up to its class: eight classes from one power of two to the next, so that at most an eighth is lost. */
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
      span.size -= capacity; // an empty one stays until the next merge
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

  /** Every waiting block becomes part of a span; a span that ends at the top is given back to it. Takes effect at its end, or not at all. */
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
