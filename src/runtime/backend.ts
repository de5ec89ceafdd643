import type { Kernels } from './generated/kernels.ts';
import type { Heap } from './heap.ts';
import { expectSynchronous } from './synchronous.ts';

export type { Kernels };

/** What an element is. Every element takes one place of four bytes (wasm) or one float64 (reference), whatever its type. */
export type DType = 'float32' | 'int32' | 'bool';

/** Elements as they lie in memory. */
export type View = Float32Array | Float64Array | Int32Array;

/** One implementation of the kernel table with the memory it works on. */
export interface Backend {
  /** `deterministic` and `relaxed` are wasm builds in float32; `reference` is plain TypeScript in float64. */
  readonly build: 'deterministic' | 'relaxed' | 'reference';
  /** @internal */
  readonly kernels: Kernels;
  /** @internal */
  readonly heap: Heap;
  /** Address steps from one element to the next. */
  readonly unit: number;
  /** `n` elements from address `at`. Made at each access: an allocation may grow the memory and detach it. */
  view(at: number, n: number, dtype: DType): View;
  /** Threads that share the work and, where they are several, the memory; the calling one included. Default 1. */
  readonly threads?: number;
  /** Pages of 64 KiB that the memory may grow to. */
  readonly maximum?: number;
  /** Why the workers are gone; `undefined` while all is well. */
  readonly lost?: () => string | undefined;
  /** Ends the workers; later calls run on the calling thread. */
  readonly close?: () => void;
}

/** Stands in for the kernels while there are none, and so no backend. */
const uninitialised = new Proxy({} as Kernels, { get: () => backend() });

let active: Backend | undefined;

/** The kernel table of the active backend (a live binding). */
export let kernels: Kernels = uninitialised;

/** The backend in use; an error before `init`. */
export function backend(): Backend {
  if (!active) throw new Error('saccade: the kernels must be loaded first, got a call before `await init()`');
  return active;
}

/** True once a backend is in use. */
export function hasBackend(): boolean {
  return active !== undefined;
}

/** What took the place of a backend. */
const replacements = new WeakMap<Backend, string>();

/** Makes `next` the backend in use; `by` is the call that puts it in the place of another for good. */
export function activate(next: Backend, by?: string): void {
  if (active && by !== undefined) replacements.set(active, by);
  active = next;
  kernels = next.kernels;
}

/** Why a tensor made on `on` cannot be used. */
export function wrongBackend(on: Backend): Error {
  const by = replacements.get(on);
  if (by !== undefined) return new Error(`tensor: must be made again after ${by}, got one of the ${on.build} backend that it replaced`);
  return new Error(`tensor: must be used on the backend it was made on (${on.build}), got ${backend().build}`);
}

/** Runs `fn` (synchronous) with tensors made and kernels run on another backend. */
export function withBackend<T>(next: Backend, fn: () => T): T {
  const { kernels: given, heap } = Object(next) as Partial<Backend>;
  if (!given || !heap)
    throw new TypeError('withBackend: next must be a backend, as backend() and wasmBackend() give them, got another value');
  const before = active;
  activate(next);
  try {
    const result = fn();
    expectSynchronous('withBackend', result);
    return result;
  } finally {
    active = before;
    kernels = before?.kernels ?? uninitialised;
  }
}
