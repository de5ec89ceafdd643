// Safetensors files changed at random, with an eye for their structure: each is read or refused with an error of the reader's own.
import { loadTensors, scope } from 'saccade';
import { readSafetensors, writeSafetensors } from 'saccade/io';

/** Small, fast, and the same everywhere (xorshift32 after a mixing of the seed). @param {number} seed */
function generator(seed) {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1;
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35) || 1;
  /** @param {number} bound */
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** @type {[string, import('saccade/io').FileTensor][]} */
const entries = [
  ['a', { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ['weight', { dtype: 'F64', shape: [2], data: Float64Array.of(1, 2) }],
  ['mask', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(0, 1, 1) }],
  ['steps', { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) }],
  ['half', { dtype: 'F16', shape: [2], data: Float32Array.of(1, -2) }],
  ['words', { dtype: 'U16', shape: [2, 1], data: Uint16Array.of(1, 2) }],
  ['none', { dtype: 'I8', shape: [0, 4], data: new Int8Array(0) }],
];
const latin = new TextDecoder('latin1');
const utf8 = new TextEncoder();

const seeds = [[], entries.slice(0, 1), entries.slice(1, 4), entries].flatMap((part) =>
  [true, false].map((checksum) => {
    const bytes = writeSafetensors(part, { checksum, metadata: part.length > 1 ? { epoch: '3' } : {} });
    const length = new DataView(bytes.buffer).getUint32(0, true);
    return { header: latin.decode(bytes.subarray(8, 8 + length)), data: bytes.slice(8 + length) };
  }),
);
const pieces = ['"', '{', '}', '[', ']', ',', ':', '-', '0', '9', 'e9', '.5', '\\', '\\u0061', '\\ud800', 'null', '__proto__', '"__metadata__":{},', '[0,8]', ' ', '\u0000', '\u0080', '"saccade.checksum":"",']; // biome-ignore format: a list
const numbers = ['-1', '0', '1', '2', '3', '4', '6', '8', '24', '2147483648', '4294967296', '9007199254740991', '9007199254740993', '1e308', '1e999', '0.5', '-0', '"1"', '[]', '{}', 'true']; // biome-ignore format: a list
const dtypes = ['F16', 'BF16', 'I32', 'U32', 'U64', 'U8', 'BOOL', 'F64', 'F8_E4M3', 'F4', 'C64', 'F', ''];
const names = ['"__metadata__"', '"__proto__"', '"a"', '"dtype"', '"shape"', '"data_offsets"', '"x"'];

/** The text with one match of a pattern exchanged. @param {string} text @param {RegExp} find @param {string} put @param {number} which */
function exchanged(text, find, put, which) {
  const matches = text.match(find)?.length ?? 0;
  let seen = 0;
  return text.replace(find, (match) => (seen++ === which % Math.max(1, matches) ? put : match));
}

/** Mutant `n`, its every choice drawn from the number. @param {number} n */
export function mutant(n) {
  const below = generator(n);
  /** @template T @param {readonly T[]} list */
  const of = (list) => /** @type {T} */ (list[below(list.length)]);
  let { header, data } = of(seeds);
  let [cut, length, flips] = [-1, 0, 0];
  for (let change = below(3); change >= 0; change--) {
    const at = below(header.length + 1);
    const kind = below(12);
    if (kind === 0) flips++;
    else if (kind === 1) cut = below(8 + header.length + data.length + 1);
    else if (kind === 2) header = header.slice(0, at) + of(seeds).header.slice(below(100));
    else if (kind === 3) length = of([1, -1, 8, -8, 2 ** 20, 2 ** 31, 2 ** 32 - 200]);
    else if (kind === 4) header = header.slice(0, at) + of(pieces) + header.slice(at);
    else if (kind === 5) header = header.slice(0, at) + of(pieces) + header.slice(at + 1);
    else if (kind === 6 || kind === 7) header = exchanged(header, /\d+/g, of(numbers), below(40));
    else if (kind === 8) header = exchanged(header, /[BFIU]\d+|BOOL/g, of(dtypes), below(10));
    else if (kind === 9) header = exchanged(header, /"[a-z_]+"/g, of(names), below(20));
    else if (kind === 10) header = header.slice(0, at).repeat(2) + header.slice(at);
    else data = of([data.subarray(0, below(data.length + 1)), Uint8Array.from([...data, ...data]), of(seeds).data]);
  }
  const text = utf8.encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setUint32(0, Math.max(0, text.length + length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  for (; flips > 0; flips--) {
    const bit = below(bytes.length * 8);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  return cut < 0 ? bytes : bytes.subarray(0, cut);
}

/** What reading gives, in words that can be compared. @param {Uint8Array} bytes @param {number} n */
function outcome(bytes, n) {
  try {
    const { tensors, metadata } = readSafetensors(bytes);
    let held = 0;
    for (const { shape, data } of tensors.values()) {
      if (data.length !== shape.reduce((size, length) => size * length, 1))
        throw new Error(`mutants: shape and data must agree, got others in ${n}`);
      held += data.byteLength;
    }
    if (held > 2 * bytes.length) throw new Error(`mutants: at most twice the file may be held, got ${held} bytes in ${n}`);
    return `read ${JSON.stringify([[...tensors].map(([name, { data }]) => [name, String(data)]), { ...metadata }])}`;
  } catch (error) {
    if (error instanceof RangeError && error.message.startsWith('safetensors: ') && error.message.length < 600) return error.message;
    throw new Error(`mutants: mutant ${n} must be read or refused, got ${error}`, { cause: error });
  }
}

/** @param {string} message the rule alone */
const ruleOf = (message) =>
  message.startsWith('read') ? 'read' : message.slice(13).replace(/, got .*|checksum .*/s, '').replace(/"([^"\\]|\\.)*…?"/g, 'NAME').replace(/\d+|[0-9a-f]{32}/g, 'N'); // biome-ignore format: one line

/** @param {{ count: number, seed?: number, report: (line: string) => void }} options */
export function mutants({ count, seed = 0, report }) {
  /** @type {Map<string, number>} */
  const outcomes = new Map();
  const began = performance.now();
  let [slowest, which] = [0, 0];
  for (let i = 0; i < count; i++) {
    const n = seed * count + i;
    const bytes = mutant(n);
    const start = performance.now();
    const found = outcome(bytes, n);
    const took = performance.now() - start;
    if (took > slowest) [slowest, which] = [took, n];
    const rule = ruleOf(found);
    outcomes.set(rule, (outcomes.get(rule) ?? 0) + 1);
    if (i % 8 === 0) around(bytes, found, n);
    if (i % 1_000_000 === 999_999) report(`${i + 1} files, ${Math.round((i + 1) / ((performance.now() - began) / 1000))} a second`);
  }
  // The mutants reach the rules they are meant for, and enough of them stay readable.
  const reached = [...outcomes.keys()];
  for (const rule of [
    'header must end',
    'JSON',
    'dtype of',
    'shape of',
    'must lie inside',
    'bytes as',
    'cover',
    'once',
    'must have its',
    'begin where',
    'string in',
    'only',
  ]) {
    // biome-ignore format: a list
    if (!reached.some((name) => name.includes(rule))) throw new Error(`mutants: every rule must be reached, got none for ${rule}`);
  }
  const read = outcomes.get('read') ?? 0;
  if (read < count / 100) throw new Error(`mutants: at least a hundredth must stay readable, got ${read}`);
  const rate = Math.round(count / ((performance.now() - began) / 1000));
  return `${count.toLocaleString('en')} files, ${rate.toLocaleString('en')} a second: ${read.toLocaleString('en')} read, the others refused by ${outcomes.size - 1} rules; slowest ${slowest.toFixed(1)} ms (${which})`;
}

/** The same bytes between others: nothing outside them is looked at. And as tensors: read or refused, nothing left. @param {Uint8Array} bytes @param {string} found @param {number} n */
function around(bytes, found, n) {
  const between = new Uint8Array(bytes.length + 64).fill(n % 16 === 0 ? 0x7d : 0x20);
  between.set(bytes, 32);
  const again = outcome(between.subarray(32, 32 + bytes.length), n);
  if (again !== found) throw new Error(`mutants: mutant ${n} must be read by its own bytes alone, got ${again} for ${found}`);
  scope(() => {
    try {
      loadTensors(bytes);
    } catch (error) {
      if (!(error instanceof RangeError && error.message.startsWith('safetensors: '))) {
        throw new Error(`mutants: mutant ${n} must be loaded or refused, got ${error}`, { cause: error });
      }
    }
  });
}
