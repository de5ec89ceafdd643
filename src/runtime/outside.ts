// Blocks that no scope frees. The engine sees a hundred bytes of each and has no reason to collect them, so it is given one.

import type { Heap } from './heap.ts';

/** A block that no scope frees: its owner does, or the collector when nothing refers to the owner any more. */
export interface Block {
  readonly heap: Heap;
  readonly at: number;
  readonly capacity: number;
  readonly bytes: number;
}

/** Bytes outside scopes below which the collector is left alone; above, it is asked each time they have doubled. */
const UNASKED = 2 ** 27;

/** Owners of so many bytes are looked after one by one, and found as soon as they are collected. */
const LARGE = 2 ** 16;

const large = new Map<Block, WeakRef<object>>();

const collected = new FinalizationRegistry<Block>((block) => {
  drop(block);
  const { outside } = block.heap;
  if (outside.bytes * 4 < outside.limit) outside.limit = outside.bytes * 2; // what was found late shall not count for ever
});

/** Leaves `block` to the collector of `owner`. */
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

/** Takes `block` back from the collector. */
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
 * Makes the engine collect and frees the large blocks that it has found; true where there were any. Those made since the last turn of the
 * event loop cannot be found: until then an engine holds what a `WeakRef` was made for, and calls no finalizer.
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
 * Asks for `bytes` that nobody touches. Engines count them and collect soon; V8 collects at once where it cannot have them, before it gives
 * up. A bundler would drop `new ArrayBuffer`.
 */
function press(bytes: number): void {
  try {
    Reflect.construct(ArrayBuffer, [bytes]);
  } catch {
    // It was not to be had, which is no loss.
  }
}
