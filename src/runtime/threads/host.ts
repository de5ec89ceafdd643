/** The maximal number of threads, including the calling one. */
export const MOST = 64;

/** Node's module of threads. */
export type NodeThreads = typeof import('node:worker_threads');

/** Globals that differ between runtimes; any may be absent. */
interface Runtime {
  process?: { versions?: { node?: string }; getBuiltinModule?: (name: 'node:worker_threads') => NodeThreads };
  navigator?: { userAgent?: string };
  crossOriginIsolated?: boolean;
  SharedArrayBuffer?: unknown;
  Worker?: unknown;
}

const runtime = globalThis as unknown as Runtime;

/** Whether Node's threads are available; Deno and Bun have them too. */
export const likeNode = runtime.process?.versions?.node !== undefined;

/** Node's threads; `undefined` elsewhere. Bundlers see no import of it. */
export async function nodeThreads(): Promise<NodeThreads | undefined> {
  if (!likeNode) return undefined;
  const name = 'node:worker_threads';
  return runtime.process?.getBuiltinModule?.(name) ?? (await import(/* @vite-ignore */ /* webpackIgnore: true */ name));
}

/** Why threads are impossible here; `undefined` if they are possible. */
export function whyNoThreads(): string | undefined {
  if (runtime.navigator?.userAgent === 'Cloudflare-Workers') return 'Cloudflare Workers, which have none';
  if (runtime.crossOriginIsolated === false) {
    return 'a page that is not cross-origin isolated (headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)';
  }
  if (typeof runtime.SharedArrayBuffer !== 'function') return 'a runtime without SharedArrayBuffer';
  if (typeof runtime.Worker !== 'function' && !likeNode) return 'a runtime without Worker';
  return undefined;
}

/** Whether this thread may sleep in `Atomics.wait`; a page's main thread must not. */
export function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
