/** Bytes (wasm) or elements (reference) that every block is aligned to and measured in. */
const ALIGN = 64;

/** Thrown when a block cannot be had; every live tensor is left intact. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
}

/** What {@link Heap.report} tells; sizes in bytes. */
export interface MemoryReport {
  /** Blocks in use. */
  blocks: number;
  /** Bytes in use, rounded up to whole blocks. */
  bytes: number;
  /** The most bytes that were ever in use at once. */
  peak: number;
  /** Bytes the memory has grown to. */
  reserved: number;
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
  private readonly space: Space;
  private readonly classes = new Map<number, number[]>();
  private spans: Span[] = [];
  private readonly withheld: number[] = [];
  private top: number;
  private blocks = 0;
  private used = 0;
  private peak = 0;

  constructor(space: Space) {
    this.space = space;
    this.top = Math.ceil(space.start / ALIGN) * ALIGN;
  }

  /** Room for `size` addresses; at least one block even for 0. Pass {@link capacity}`(size)` back to {@link free}. */
  allocate(size: number): number {
    const capacity = Heap.capacity(size);
    const at = this.classes.get(capacity)?.pop() ?? this.fromSpans(capacity) ?? this.fromEnd(capacity);
    this.blocks++;
    this.used += capacity;
    if (this.used > this.peak) this.peak = this.used;
    return at;
  }

  free(at: number, capacity: number): void {
    this.blocks--;
    this.used -= capacity;
    if (this.withheld.some((address) => address >= at && address < at + capacity)) return;
    const list = this.classes.get(capacity);
    if (list) list.push(at);
    else this.classes.set(capacity, [at]);
  }

  /** Blocks around these addresses are never handed out again, once they are freed: somebody may still write there. */
  withhold(addresses: readonly number[]): void {
    this.withheld.push(...addresses);
  }

  report(): MemoryReport {
    const { unit } = this.space;
    return { blocks: this.blocks, bytes: this.used * unit, peak: this.peak * unit, reserved: this.space.end() * unit };
  }

  /** `size` rounded up to its class: eight classes from one power of two to the next, so that at most an eighth is lost. */
  static capacity(size: number): number {
    if (size <= ALIGN * 8) return Math.max(1, Math.ceil(size / ALIGN)) * ALIGN;
    const step = 1 << (28 - Math.clz32((size - 1) & 0x7fffffff));
    if (size > 0x7fffffff) return Math.ceil(size / 2 ** 28) * 2 ** 28;
    return Math.ceil(size / step) * step;
  }

  private fromSpans(capacity: number): number | undefined {
    const index = this.spans.findIndex((span) => span.size >= capacity);
    const span = this.spans[index];
    if (!span) return undefined;
    const at = span.at;
    span.at += capacity;
    span.size -= capacity;
    if (span.size === 0) this.spans.splice(index, 1);
    return at;
  }

  private fromEnd(capacity: number): number {
    if (this.top + capacity > this.space.end()) {
      this.merge();
      const at = this.fromSpans(capacity);
      if (at !== undefined) return at;
      if (this.top + capacity > this.space.end() && !this.space.grow(this.top + capacity)) {
        const { unit } = this.space;
        throw new OutOfMemoryError(
          `memory: the limit must hold every live tensor, got a request for ${capacity * unit} bytes with ${this.used * unit} in use and ${this.space.end() * unit} reserved`,
        );
      }
    }
    const at = this.top;
    this.top += capacity;
    return at;
  }

  /** Every waiting block becomes part of a span; a span that ends at the top is given back to it. */
  private merge(): void {
    const free = this.spans;
    for (const [size, list] of this.classes) for (const at of list) free.push({ at, size });
    this.classes.clear();
    free.sort((a, b) => a.at - b.at);
    this.spans = [];
    for (const span of free) {
      const last = this.spans.at(-1);
      if (last && last.at + last.size === span.at) last.size += span.size;
      else this.spans.push(span);
    }
    const last = this.spans.at(-1);
    if (last && last.at + last.size === this.top) {
      this.top = last.at;
      this.spans.pop();
    }
  }
}
