// node:fs/promises for tests: the same, but every call is counted, and one of them may fail.
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** Calls so far, the paths opened, the call that fails (counted from 0), the most bytes a read or write was asked for and those it takes. */
export const disk = {
  calls: /** @type {string[]} */ ([]),
  opened: /** @type {string[]} */ ([]),
  failing: -1,
  longest: 0,
  most: Infinity,
  pretend: false,
};

/** Resets the counts; the call `failing` will fail. If `disk.pretend` is set, writes are discarded. */
export function restart(failing = -1) {
  Object.assign(disk, { calls: [], opened: [], failing, longest: 0, most: Infinity, pretend: false });
}

/** @param {string} name */
function count(name) {
  disk.calls.push(name);
  if (disk.calls.length - 1 === disk.failing) throw Object.assign(new Error(`EIO: injected, ${name}`), { code: 'EIO' });
}

/** A handle whose calls are counted. @param {promises.FileHandle} handle @returns {promises.FileHandle} */
function counted(handle) {
  return new Proxy(handle, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (/** @type {unknown[]} */ ...args) => {
        if (name === 'close') await value.apply(target, args); // otherwise the handle would stay open
        count(String(name));
        if (name === 'close') return;
        if (name === 'read' || name === 'write') disk.longest = Math.max(disk.longest, Number(args[2]));
        if (name === 'read' || name === 'write') args[2] = Math.min(Number(args[2]), disk.most);
        if (name === 'write' && disk.pretend) return { bytesWritten: Number(args[2]) };
        return value.apply(target, args);
      };
    },
  });
}

/** Counts from now on, for everything in this process; returns a function that ends it. */
export function watchDisk() {
  const names = /** @type {const} */ (['open', 'rename', 'rm', 'stat', 'realpath', 'readlink']);
  /** @type {Record<string, Function>} */
  const table = /** @type {never} */ (promises);
  const before = names.map((name) => /** @type {const} */ ([name, /** @type {Function} */ (table[name])]));
  for (const [name, call] of before) {
    table[name] = async (/** @type {unknown[]} */ ...args) => {
      count(name);
      if (name === 'open') disk.opened.push(String(args[0]));
      const result = await call.apply(promises, args);
      return name === 'open' ? counted(result) : result;
    };
  }
  syncBuiltinESMExports();
  return () => {
    for (const [name, call] of before) table[name] = call;
    syncBuiltinESMExports();
  };
}
