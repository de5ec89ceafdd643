import type { Kernels } from './generated/kernels.ts';
import type { Heap } from './heap.ts';
import { expectSynchronous } from './synchronous.ts';

export type { Kernels };

/** Element types. Every element takes four bytes (wasm) or one float64 (reference), whatever its type. */
export type DType = 'float32' | 'int32' | 'bool';

/** A typed array over elements in memory. */
export type View = Float32Array | Float64Array | Int32Array;

/** One implementation of the kernel table, with its memory. */
export interface Backend {
  /** `deterministic` and `relaxed` are wasm builds in float32; `reference` is plain TypeScript in float64. */
  readonly build: 'deterministic' | 'relaxed' | 'reference';
  /** @internal */
  readonly kernels: Kernels;
  /** @internal */
  readonly heap: Heap;
  /** Address difference between neighbouring elements. */
  readonly unit: number;
  /** A view of `n` elements from address `at`. Make a new one for each access: an allocation may grow the memory and detach it. */
  view(at: number, n: number, dtype: DType): View;
  /** Threads that share the work, including the calling one. Default 1. */
  readonly threads?: number;
  /** Pages of 64 KiB that the memory may grow to. */
  readonly maximum?: number;
  /** Why the workers are gone; `undefined` while all is well. */
  readonly lost?: () => string | undefined;
  /** Ends the workers; later calls run on the calling thread. */
  readonly close?: () => void;
}

/** Stands in for the kernel table until a backend is loaded. */
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

/** The call that replaced each backend. */
const replacements = new WeakMap<Backend, string>();

/** Makes `next` the active backend; `by` names the call if the replacement is permanent. */
export function activate(next: Backend, by?: string): void {
  if (active && by !== undefined) replacements.set(active, by);
  active = next;
  kernels = next.kernels;
}

/** The error for a tensor of a backend that is not active. */
export function wrongBackend(on: Backend): Error {
  const by = replacements.get(on);
  if (by !== undefined) return new Error(`tensor: must be made again after ${by}, got one of the ${on.build} backend that it replaced`);
  return new Error(`tensor: must be used on the backend it was made on (${on.build}), got ${backend().build}`);
}

/** Runs `fn`, which is synchronous, with another backend active: it holds the tensors and runs the kernels. */
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
