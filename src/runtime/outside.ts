// Blocks that no scope frees. The engine sees only a hundred bytes of each tensor and has no reason to collect, so it is given one.

import type { Heap } from './heap.ts';

/** A block that its owner frees, or the collector once nothing refers to the owner. */
export interface Block {
  readonly heap: Heap;
  readonly at: number;
  readonly capacity: number;
  readonly bytes: number;
}

/** The number of bytes outside scopes above which a collection is requested each time they have doubled. */
const UNASKED = 2 ** 27;

/** Owners of at least this many bytes are tracked individually, so their blocks are found as soon as they are collected. */
const LARGE = 2 ** 16;

const large = new Map<Block, WeakRef<object>>();

const collected = new FinalizationRegistry<Block>((block) => {
  drop(block);
  const { outside } = block.heap;
  if (outside.bytes * 4 < outside.limit) outside.limit = outside.bytes * 2; // blocks that were found late must not raise the limit for ever
});

/** Lets the collector free `block` together with `owner`. */
export function watch(owner: object, block: Block): void {
  const { outside } = block.heap;
  collected.register(owner, block, block);
  if (block.bytes >= LARGE) large.set(block, new WeakRef(owner));
  outside.blocks++;
  outside.bytes += block.bytes;
  if (outside.bytes > UNASKED && outside.bytes > outside.limit) {
    press(2 ** 32);
    outside.limit = outside.bytes * 2;
  }
}

/** Undoes {@link watch}. */
export function unwatch(block: Block): void {
  const { outside } = block.heap;
  collected.unregister(block);
  large.delete(block);
  outside.blocks--;
  outside.bytes -= block.bytes;
}

function drop(block: Block): void {
  unwatch(block);
  block.heap.free(block.at, block.capacity);
}

/**
 * Requests a collection and frees the large blocks whose owners are gone; true if there were any. Owners created since the last turn of the event
 * loop cannot be found: until then an engine keeps the target of a new `WeakRef` alive and calls no finalizer.
 */
export function reclaim(heap: Heap): boolean {
  const before = heap.outside.bytes;
  press(2 ** 32);
  press(Number.MAX_SAFE_INTEGER);
  for (const [block, owner] of large) if (owner.deref() === undefined) drop(block);
  heap.outside.limit = heap.outside.bytes * 2;
  return heap.outside.bytes < before;
}

/**
 * Allocates `bytes` that nobody touches. Engines count them and collect soon; V8 collects at once when it cannot provide them, before it gives
 * up. A bundler would drop a plain `new ArrayBuffer`.
 */
function press(bytes: number): void {
  try {
    Reflect.construct(ArrayBuffer, [bytes]);
  } catch {
    // The allocation failed, which is harmless.
  }
}
