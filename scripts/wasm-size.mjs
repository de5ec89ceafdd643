// What each kernel takes of a wasm module: the functions that only it reaches, and those that it shares with others.
import binaryen from 'binaryen';

/** @param {Uint8Array} bytes @param {{ at: number }} place @returns {number} an unsigned LEB128 */
function leb(bytes, place) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[place.at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
}

/** Bytes of each function's body, in the order of their numbers: section 10. The modules import no function. @param {Uint8Array} bytes */
function bodies(bytes) {
  const place = { at: 8 };
  while (place.at < bytes.length) {
    const id = bytes[place.at++];
    const end = leb(bytes, place) + place.at;
    if (id === 10) {
      return Array.from({ length: leb(bytes, place) }, () => {
        const size = leb(bytes, place);
        place.at += size;
        return size;
      });
    }
    place.at = end;
  }
  return [];
}

/**
 * @param {Uint8Array} bytes
 * @returns {{ name: string, own: number, shared: number }[]} bytes of each exported function with what it calls, the largest first
 */
export function kernelSizes(bytes) {
  const module = binaryen.readBinary(bytes);
  const parts = module.emitText().split(/^(?= \()/m);
  module.dispose();
  const functions = parts.flatMap((part) => {
    const name = /^ \(func \$(\S+)/.exec(part)?.[1];
    return name ? [{ name, calls: [...part.matchAll(/\(call \$([^\s)]+)/g)].map((match) => match[1] ?? '') }] : [];
  });
  const sizes = bodies(bytes);
  const size = new Map(functions.map(({ name }, i) => [name, sizes[i] ?? 0]));
  const calls = new Map(functions.map(({ name, calls }) => [name, calls]));
  const exported = parts.flatMap((part) =>
    [...part.matchAll(/\(export "(\w+)" \(func \$(\S+?)\)\)/g)].map(([, name = '', at = '']) => ({ name, at })),
  );
  /** @param {string} from */
  const reached = (from) => {
    const found = new Set([from]);
    for (const name of found) for (const next of calls.get(name) ?? []) found.add(next);
    return found;
  };
  const all = exported.map(({ name, at }) => ({ name, parts: reached(at) }));
  /** @type {Map<string, number>} */
  const users = new Map();
  for (const { parts } of all) for (const part of parts) users.set(part, (users.get(part) ?? 0) + 1);
  const total = (/** @type {string[]} */ names) => names.reduce((sum, name) => sum + (size.get(name) ?? 0), 0);
  return all
    .map(({ name, parts }) => {
      const [own, shared] = [true, false].map((alone) => total([...parts].filter((part) => (users.get(part) === 1) === alone)));
      return { name, own: own ?? 0, shared: shared ?? 0 };
    })
    .sort((a, b) => b.own - a.own);
}
