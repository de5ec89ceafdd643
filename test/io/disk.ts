// node:fs/promises as tests want it: the same, but every call is counted, and one of them may fail.
import type * as promises from 'node:fs/promises';

/** Calls so far, the one that fails (counted from 0), and the most bytes a read or write was asked for. */
export const disk = { calls: [] as string[], failing: -1, longest: 0, pretend: false };

/** Forgets what was counted; the call `failing` will fail. */
export function restart(failing = -1): void {
  Object.assign(disk, { calls: [], failing, longest: 0, pretend: false });
}

function count(name: string): void {
  disk.calls.push(name);
  if (disk.calls.length - 1 === disk.failing) throw Object.assign(new Error(`EIO: injected, ${name}`), { code: 'EIO' });
}

/** A handle whose calls count. Where `pretend` is set, what is written goes nowhere. */
function counted(handle: promises.FileHandle): promises.FileHandle {
  return new Proxy(handle, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        if (name === 'close') await value.apply(target, args); // or the handle would stay open
        count(String(name));
        if (name === 'close') return;
        if (name === 'read' || name === 'write') disk.longest = Math.max(disk.longest, Number(args[2]));
        if (name === 'write' && disk.pretend) return { bytesWritten: Number(args[2]) };
        return value.apply(target, args);
      };
    },
  });
}

/** The module with every function counted. */
export function countedDisk(actual: typeof promises): Record<string, unknown> {
  const names = ['open', 'rename', 'rm', 'stat', 'realpath', 'readlink'] as const;
  const functions = names.map((name) => [
    name,
    async (...args: unknown[]) => {
      count(name);
      const result: unknown = await (actual[name] as (...args: unknown[]) => Promise<unknown>)(...args);
      return name === 'open' ? counted(result as promises.FileHandle) : result;
    },
  ]);
  return { ...actual, ...Object.fromEntries(functions) };
}
