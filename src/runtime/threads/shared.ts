/** The maximal number of 64 KiB pages in a memory of 32-bit addresses. */
const MAX_PAGES = 65_536;

const IMPORTS = 2;
const MEMORY = 2;

/** Reads a number in LEB128: the number and the position after it. */
function number(bytes: Uint8Array, at: number): readonly [value: number, end: number] {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 5; i++, scale *= 128) {
    const byte = bytes[at + i] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at + i + 1];
  }
  return [value, at + 5];
}

function leb(value: number): number[] {
  const rest = Math.floor(value / 128);
  return rest === 0 ? [value] : [(value % 128) | 0x80, ...leb(rest)];
}

/**
 * The kernels' module with a shared memory import. One binary serves both kinds of memory: they differ only in the import's limits
 * (WebAssembly core specification with threads, binary format: flag 0x03 and a maximum). Data segments stay active, so each instance
 * rewrites the few constants below address 1024 with the same bytes. Bytes that are not such a module are returned unchanged.
 */
export function withSharedMemory(source: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (let at = 8; at < source.length; ) {
    const [size, start] = number(source, at + 1);
    if (source[at] !== IMPORTS) {
      at = start + size;
      continue;
    }
    const [count, first] = number(source, start);
    let place = first;
    for (let name = 0; name < 2; name++) {
      const [length, end] = number(source, place);
      place = end + length;
    }
    if (count !== 1 || source[place] !== MEMORY) return source;
    const [minimum] = number(source, place + 2);
    const section = [...source.subarray(start, place + 1), 3, ...leb(minimum), ...leb(MAX_PAGES)];
    return Uint8Array.from([...source.subarray(0, at + 1), ...leb(section.length), ...section, ...source.subarray(start + size)]);
  }
  return source;
}
