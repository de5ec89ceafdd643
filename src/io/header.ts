import { checkLayouts, type Header, type Layout, RANK } from './format.ts';
import { fail, isUnicode, quote } from './words.ts';

/** The name that no tensor may have: strings beside the tensors. */
export const METADATA = '__metadata__';

/**
 * Reads and checks a header before any of its sizes is believed. It is read by its types, `{ name: { dtype, shape, data_offsets } }`
 * and strings under `__metadata__`, so that what a hostile one costs is bounded by its length: nothing nests.
 * `dataLength` is what follows it in the file, in bytes.
 */
export function parseHeader(text: string, dataLength: number): Header {
  const tensors = new Map<string, Layout>();
  const metadata: Record<string, string> = Object.create(null);
  let found = false;
  const scanner = new Scanner(text);
  scanner.object('must be a JSON object', (name) => {
    scanner.subject = name;
    if (name === METADATA ? found : tensors.has(name)) repeated(name);
    if (name !== METADATA) tensors.set(name, readLayout(scanner, name));
    else {
      found = true;
      readStrings(scanner, metadata);
    }
  });
  scanner.end();
  checkLayouts(tensors, dataLength);
  return { tensors, metadata };
}

/** The text of a header. */
export function decodeHeader(bytes: Uint8Array): string {
  if (bytes[0] !== 0x7b) fail('header must begin with {', bytes.length === 0 ? 'no header' : `byte ${bytes[0]}`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail(JSON_RULE, 'bytes that are not UTF-8');
  }
}

function repeated(name: string): never {
  return fail('header must name every key once', `${quote(name)} repeated`);
}

function readStrings(scanner: Scanner, into: Record<string, string>): void {
  scanner.object('must be an object', (name) => {
    if (name in into) repeated(name);
    into[name] = scanner.string('must hold strings', name);
  });
}

function readLayout(scanner: Scanner, name: string): Layout {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object('must be an object', (field) => {
    if (field === 'dtype' && dtype === undefined) dtype = scanner.string('must have a dtype in quotes');
    else if (field === 'shape' && !shape) shape = scanner.counts(SHAPE, RANK);
    else if (field === 'data_offsets' && !offsets) offsets = scanner.counts(OFFSETS, 2);
    else if (['dtype', 'shape', 'data_offsets'].includes(field)) repeated(field);
    else fail(`${quote(name)} must hold dtype, shape and data_offsets only`, field);
  });
  if (dtype === undefined || !shape || !offsets) {
    return fail(
      `${quote(name)} must hold dtype, shape and data_offsets`,
      dtype === undefined ? 'no dtype' : shape ? 'no data_offsets' : 'no shape',
    );
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined) return fail(`${quote(name)} ${OFFSETS}`, offsets);
  return { dtype, shape, begin, end };
}

const SHAPE = `must have a shape of whole numbers from 0, at most ${RANK}`;
const OFFSETS = 'must have two whole numbers from 0 as data_offsets';
const JSON_RULE = 'header must be JSON in UTF-8';
const KEY = 'a key in quotes';

/** Takes JSON from a text, by its types: what is not of the type asked for is an error that states the rule given. */
class Scanner {
  private readonly text: string;
  private at = 0;
  /** What the rules are said of. */
  subject: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Members of an object: `each` takes the value. */
  object(rule: string, each: (key: string) => void): void {
    if (!this.take(0x7b)) this.refuse(rule);
    if (this.take(0x7d)) return;
    do {
      const key = this.string(KEY);
      if (!this.take(0x3a)) this.malformed('a colon');
      each(key);
    } while (this.take(0x2c));
    if (!this.take(0x7d)) this.malformed('a comma or }');
  }

  string(rule: string, key?: string): string {
    const { text } = this;
    if (!this.take(0x22)) rule === KEY ? this.malformed(KEY) : this.refuse(rule, key);
    const from = this.at;
    let escaped = false;
    for (let code = text.charCodeAt(this.at); code !== 0x22; code = text.charCodeAt(++this.at)) {
      if (!(code >= 0x20)) this.malformed('a quote and no control character');
      if (code !== 0x5c) continue;
      escaped = true;
      this.at++;
    }
    const raw = text.slice(from, this.at++);
    return escaped ? unescaped(raw) : raw;
  }

  /** At most `most` whole numbers, written as digits alone. */
  counts(rule: string, most: number): number[] {
    const values: number[] = [];
    if (!this.take(0x5b)) this.refuse(rule);
    const begin = this.at - 1;
    if (this.take(0x5d)) return values;
    do {
      const value = this.count();
      if (value === undefined || values.push(value) > most) {
        this.at = begin;
        this.refuse(rule);
      }
    } while (this.take(0x2c));
    if (this.take(0x5d)) return values;
    this.at = begin;
    return this.refuse(rule);
  }

  /** Nothing but blanks may be left. */
  end(): void {
    if (!Number.isNaN(this.next())) this.malformed('an end');
  }

  private count(): number | undefined {
    this.next();
    const from = this.at;
    let value = 0;
    for (let digit = this.digit(); digit >= 0 && digit <= 9; digit = this.digit()) {
      value = value * 10 + digit;
      this.at++;
      if (value > Number.MAX_SAFE_INTEGER) return undefined;
    }
    const length = this.at - from;
    return length === 0 || (length > 1 && this.text.charCodeAt(from) === 0x30) ? undefined : value;
  }

  private digit(): number {
    return this.text.charCodeAt(this.at) - 0x30;
  }

  /** The next character that is no blank; NaN at the end. */
  private next(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.at++;
    }
  }

  private take(code: number): boolean {
    if (this.next() !== code) return false;
    this.at++;
    return true;
  }

  private refuse(rule: string, key?: string): never {
    this.next();
    const { text, at, subject } = this;
    if (at >= text.length) this.malformed('more');
    const of = subject === undefined ? 'header' : quote(subject);
    return fail(`${of} ${rule}${key === undefined ? '' : `, at ${quote(key)}`}`, text.slice(at, at + 40));
  }

  private malformed(expected: string): never {
    const { text, at } = this;
    return fail(`${JSON_RULE} with ${expected} at character ${at}`, at < text.length ? text.slice(at, at + 40) : 'an end');
  }
}

/** A string with its escapes undone; half a surrogate pair is no character. */
function unescaped(raw: string): string {
  try {
    const text: string = JSON.parse(`"${raw}"`);
    if (isUnicode(text)) return text;
  } catch {
    // Said below.
  }
  return fail(`${JSON_RULE} with escapes that are characters`, raw);
}
