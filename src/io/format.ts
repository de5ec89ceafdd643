import { type Shape, show } from '../tensor/shape.ts';

/** Element types of the files read here; F16 and BF16 are read only. */
export type FileDType = 'F64' | 'I64' | 'F32' | 'I32' | 'F16' | 'BF16' | 'U8' | 'BOOL';

/** Elements as a file's reader returns them: F16 and BF16 become float32, BOOL bytes 0 or 1. */
export type FileData = Float64Array | BigInt64Array | Float32Array | Int32Array | Uint8Array;

/** What a header says of one tensor: its bytes are `[begin, end)`, counted from the header's end. */
export interface Layout {
  readonly dtype: FileDType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

/** A header whose every rule holds: layouts cover the data exactly, by name. */
export interface Header {
  readonly tensors: Map<string, Layout>;
  readonly metadata: Record<string, string>;
}

const BYTES = new Map<unknown, number>([
  ['F64', 8],
  ['I64', 8],
  ['F32', 4],
  ['I32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['U8', 1],
  ['BOOL', 1],
]);

/** The longest header accepted, in bytes: the limit of the format's own reader. */
const LONGEST = 100_000_000;

/** Bytes before the header: its length, as a 64-bit little-endian number. */
export const PREFIX = 8;

/** Throws `safetensors: rule, got values`; long values are cut. */
export function fail(rule: string, got: unknown): never {
  const text = typeof got === 'string' ? got : (JSON.stringify(got) ?? String(got));
  throw new RangeError(`safetensors: ${rule}, got ${text.length > 120 ? `${text.slice(0, 120)}…` : text}`);
}

/** Bytes of one element. */
export function bytesOf(dtype: FileDType): number {
  return BYTES.get(dtype) ?? fail(`dtype must be one of ${[...BYTES.keys()].join(' ')}`, dtype);
}

/** The header's length from the first eight bytes of a file of `size` bytes. */
export function headerLength(prefix: Uint8Array, size: number): number {
  if (size < PREFIX || prefix.length < PREFIX) fail(`file must hold at least ${PREFIX} bytes`, size);
  const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > LONGEST) fail(`header must be at most ${LONGEST} bytes`, length);
  if (length > size - PREFIX) fail(`header must end inside the file of ${size} bytes`, `a length of ${length}`);
  return length;
}

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads and checks a header before any of its sizes is believed. `dataLength` is what follows it in the file, in bytes. */
export function parseHeader(bytes: Uint8Array, dataLength: number): Header {
  const parsed = parseJson(bytes);
  const tensors = new Map<string, Layout>();
  let metadata: Record<string, string> = Object.create(null);
  let keys = 0;
  for (const [name, value] of Object.entries(parsed)) {
    if (!isObject(value)) fail(`${JSON.stringify(name)} must be an object`, value);
    keys += 1 + Object.keys(value).length;
    if (name === '__metadata__') metadata = checkMetadata(value);
    else tensors.set(name, checkLayout(name, value, dataLength));
  }
  const written = countKeys(bytes);
  if (written !== keys) fail('header must name every key once', `${written - keys} repeated`);
  checkCover(tensors, dataLength);
  return { tensors, metadata };
}

function parseJson(bytes: Uint8Array): Fields {
  if (bytes[0] !== 0x7b) fail('header must begin with {', bytes.length === 0 ? 'no header' : `byte ${bytes[0]}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    fail('header must be JSON in UTF-8', error instanceof Error ? error.message : error);
  }
  return isObject(parsed) ? parsed : fail('header must be a JSON object', parsed);
}

/** Keys as written in valid JSON: strings followed by a colon. `JSON.parse` keeps the last of repeated ones and says nothing. */
function countKeys(json: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < json.length; i++) {
    if (json[i] !== 0x22) continue;
    for (i++; json[i] !== 0x22; i++) if (json[i] === 0x5c) i++;
    let next = i + 1;
    while ((json[next] ?? 0x3a) <= 0x20) next++;
    if (json[next] === 0x3a) count++;
  }
  return count;
}

function checkMetadata(value: Fields): Record<string, string> {
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') fail(`__metadata__ must hold strings, at ${JSON.stringify(name)}`, text);
  }
  return Object.assign(Object.create(null), value);
}

/** A length or an offset. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function checkLayout(name: string, fields: Fields, dataLength: number): Layout {
  const of = JSON.stringify(name);
  const { dtype, shape, data_offsets: offsets, ...others } = fields;
  if (Object.keys(others).length > 0) fail(`${of} must hold dtype, shape and data_offsets only`, Object.keys(others).join(', '));
  if (!BYTES.has(dtype)) fail(`${of} must have a dtype of ${[...BYTES.keys()].join(' ')}`, dtype);
  if (!Array.isArray(shape) || !shape.every(isCount)) fail(`${of} must have a shape of whole numbers from 0`, shape);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    fail(`${of} must have two whole numbers from 0 as data_offsets`, offsets);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataLength) fail(`${of} must lie inside the ${dataLength} bytes of data`, offsets);
  let bytes = bytesOf(dtype as FileDType);
  for (const length of shape) {
    bytes *= length;
    if (bytes > Number.MAX_SAFE_INTEGER) fail(`${of} must have fewer than 2^53 bytes`, shape);
  }
  if (bytes !== end - begin) fail(`${of} must have as many bytes as ${dtype} ${show(shape)} takes, ${bytes}`, end - begin);
  return { dtype: dtype as FileDType, shape, begin, end };
}

/** No byte of the data may belong to two tensors or to none. */
function checkCover(tensors: Map<string, Layout>, dataLength: number): void {
  let at = 0;
  const ordered = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { begin, end }] of ordered) {
    if (begin < at) fail(`${JSON.stringify(name)} must not overlap the tensor before it, which ends at ${at}`, begin);
    if (begin > at) fail(`${JSON.stringify(name)} must begin where the tensor before it ends, at ${at}`, begin);
    at = end;
  }
  if (at !== dataLength) fail(`tensors must cover the data of ${dataLength} bytes`, `${at} covered`);
}
