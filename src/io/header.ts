import { checkLayouts, type Header, type Layout, RANK } from './format.ts';
import { fail, isUnicode, quote } from './words.ts';

/** The name that no tensor may have: strings beside the tensors. */
export const METADATA = '__metadata__';

/** The text of a header. */
export function decodeHeader(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('header must be JSON in UTF-8', 'other bytes');
  }
}

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
  if (text[0] !== '{') scanner.refuse('must begin with {');
  scanner.object((name) => {
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

function repeated(name: string): never {
  return fail('header must name every key once', quote(name));
}

function readStrings(scanner: Scanner, into: Record<string, string>): void {
  scanner.object((name) => {
    if (name in into) repeated(name);
    scanner.subject = name;
    into[name] = scanner.string(`must be a string in ${METADATA}`);
  }, METADATA);
}

function readLayout(scanner: Scanner, name: string): Layout {
  const found: { dtype?: string; shape?: number[]; data_offsets?: number[] } = {};
  scanner.object((field) => {
    if (Object.hasOwn(found, field)) repeated(field);
    if (field === 'dtype') found.dtype = scanner.string('must have a dtype in quotes');
    else if (field === 'shape') found.shape = scanner.counts(`must have a shape of whole numbers from 0, at most ${RANK}`, RANK);
    else if (field === 'data_offsets') found.data_offsets = scanner.counts('must have two whole numbers from 0 as data_offsets', 2, 2);
    else fail(`${quote(name)} must hold dtype, shape and data_offsets only`, field);
  }, name);
  const { dtype, shape, data_offsets: [begin = 0, end = 0] = [] } = found;
  if (dtype !== undefined && shape && found.data_offsets) return { dtype, shape, begin, end };
  return fail(`${quote(name)} must hold dtype, shape and data_offsets`, Object.keys(found).join(', '));
}

/** Takes JSON from a text, by its types: what is not of the type asked for is an error that states the rule given. */
class Scanner {
  private readonly text: string;
  private at = 0;
  /** What the rules are said of; the header where it is `undefined`. */
  subject: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Members of an object that is the value of `name`: `each` takes a member's value. */
  object(each: (key: string) => void, name?: string): void {
    this.subject = name;
    if (!this.take('{')) this.refuse('must be an object');
    if (this.take('}')) return;
    do {
      const key = this.string('must be JSON, with a key here');
      if (!this.take(':')) this.refuse('must be JSON, with a colon here');
      each(key);
      this.subject = name;
    } while (this.take(','));
    if (!this.take('}')) this.refuse('must be JSON, with a comma or } here');
  }

  string(rule: string): string {
    const { text } = this;
    if (!this.take('"')) this.refuse(rule);
    const from = this.at;
    let escaped = false;
    for (let code = text.charCodeAt(from); code !== 0x22; code = text.charCodeAt(++this.at)) {
      if (!(code >= 0x20)) this.refuse('must be JSON, without control characters in strings');
      if (code !== 0x5c) continue;
      escaped = true;
      this.at++;
    }
    const raw = text.slice(from, this.at++);
    return escaped ? unescaped(raw) : raw;
  }

  /** So many whole numbers, written as digits alone. */
  counts(rule: string, most: number, least = 0): number[] {
    const values: number[] = [];
    if (!this.take('[')) this.refuse(rule);
    const begin = this.at - 1;
    let right = true;
    if (!this.take(']')) {
      do right = values.push(this.count()) <= most && Number.isSafeInteger(values.at(-1));
      while (right && this.take(','));
      right &&= this.take(']');
    }
    if (right && values.length >= least) return values;
    this.at = begin;
    return this.refuse(rule);
  }

  /** Nothing but blanks may be left. */
  end(): void {
    this.take('');
    if (this.at < this.text.length) this.refuse('must be JSON, and end with its last }');
  }

  refuse(rule: string): never {
    const { text, at, subject } = this;
    return fail(`${subject === undefined ? 'header' : quote(subject)} ${rule}`, text.slice(at, at + 40) || 'an end');
  }

  /** Digits without a leading 0; NaN for anything else. */
  private count(): number {
    this.take('');
    const from = this.at;
    while (/\d/.test(this.text[this.at] ?? '')) this.at++;
    const digits = this.text.slice(from, this.at);
    return /^(0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : Number.NaN;
  }

  /** Passes over blanks, and over a character if it is the next one. */
  private take(char: string): boolean {
    const { text } = this;
    let code = text.charCodeAt(this.at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++this.at);
    const found = text[this.at] === char;
    if (found) this.at++;
    return found;
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
  return fail('header must be JSON, with escapes that are characters', raw);
}
