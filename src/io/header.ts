import { checkLayouts, type Header, type Layout, RANK } from './format.ts';
import { fail, isUnicode, quote } from './words.ts';

/** The name reserved for strings besides the tensors. */
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
 * Reads and checks a header before it relies on any of its sizes. The parser expects the header's structure, `{ name: { dtype, shape,
 * data_offsets } }` and strings under `__metadata__`, so a hostile header costs no more than its length: nothing nests. `dataLength` is the
 * number of bytes after the header.
 */
export function parseHeader(text: string, dataLength: number): Header {
  const tensors = new Map<string, Layout>();
  let metadata: Record<string, string> | undefined;
  const scan = scannerOf(text);
  if (text[0] !== '{') scan.refuse('must begin with {');
  scan.object(undefined, (name) => {
    if (name === METADATA ? metadata : tensors.has(name)) repeated(name);
    if (name === METADATA) metadata = readStrings(scan);
    else tensors.set(name, readLayout(scan, name));
  });
  scan.end();
  checkLayouts(tensors, dataLength);
  return { tensors, metadata: metadata ?? Object.create(null) };
}

function repeated(name: string): never {
  return fail('header must name every key once', quote(name));
}

function readStrings(scan: Scanner): Record<string, string> {
  const strings: Record<string, string> = Object.create(null);
  scan.object(METADATA, (name) => {
    if (name in strings) repeated(name);
    strings[name] = scan.string(name, `must be a string in ${METADATA}`);
  });
  return strings;
}

function readLayout(scan: Scanner, name: string): Layout {
  const found: { dtype?: string; shape?: number[]; data_offsets?: number[] } = {};
  scan.object(name, (field) => {
    if (Object.hasOwn(found, field)) repeated(field);
    if (field === 'dtype') found.dtype = scan.string(name, 'must have a dtype in quotes');
    else if (field === 'shape') found.shape = scan.counts(`must have a shape of whole numbers from 0, at most ${RANK}`, 0, RANK);
    else if (field === 'data_offsets') found.data_offsets = scan.counts('must have two whole numbers from 0 as data_offsets', 2, 2);
    else fail(`${quote(name)} ${FIELDS} only`, field);
  });
  const { dtype, shape, data_offsets: [begin, end] = [] } = found;
  if (dtype === undefined || !shape || begin === undefined || end === undefined) {
    return fail(`${quote(name)} ${FIELDS}`, Object.keys(found).join(', '));
  }
  return { dtype, shape, begin, end };
}

const FIELDS = 'must hold dtype, shape and data_offsets';

type Scanner = ReturnType<typeof scannerOf>;

/** Reads JSON of an expected structure from a text; anything else is an error that states the rule given. */
function scannerOf(text: string) {
  let at = 0;
  /** The subject of rules in messages; `undefined` for the header. */
  let subject: string | undefined;

  const refuse = (rule: string): never =>
    fail(`${subject === undefined ? 'header' : quote(subject)} ${rule}`, text.slice(at, at + 40) || 'an end');

  /** Skips blanks, and then a character if it is the next one. */
  const take = (char?: string): boolean => {
    while (' \n\r\t'.includes(text[at] ?? '.')) at++;
    const found = text[at] === char;
    if (found) at++;
    return found;
  };

  const need = (char: string, rule: string): void => {
    if (!take(char)) refuse(rule);
  };

  const string = (of: string | undefined, rule: string): string => {
    subject = of;
    need('"', rule);
    const from = at;
    for (let char = text[at]; char !== '"'; char = text[++at]) {
      if ((char ?? '') < ' ') refuse(`${JSON_RULE}, without control characters in strings`);
      if (char === '\\') at++;
    }
    const raw = text.slice(from, at++);
    return raw.includes('\\') ? unescaped(raw) : raw;
  };

  /** Reads the members of an object; `each` reads a member's value. */
  const object = (of: string | undefined, each: (key: string) => void): void => {
    subject = of;
    need('{', 'must be an object');
    if (take('}')) return;
    do {
      const key = string(of, `${JSON_RULE}, with a key here`);
      need(':', `${JSON_RULE}, with a colon here`);
      each(key);
      subject = of;
    } while (take(','));
    need('}', `${JSON_RULE}, with a comma or } here`);
  };

  /** Reads digits without a leading 0; NaN for anything else. */
  const count = (): number => {
    take();
    const digits = /^(?:0|[1-9]\d{0,15})(?!\d)/.exec(text.slice(at, at + 17))?.[0] ?? '';
    at += digits.length;
    return digits ? Number(digits) : Number.NaN;
  };

  /** Reads so many whole numbers, written in digits only. */
  const counts = (rule: string, least: number, most: number): number[] => {
    const values: number[] = [];
    need('[', rule);
    const begin = at - 1;
    let right = true;
    if (!take(']')) {
      do right = values.push(count()) <= most && Number.isSafeInteger(values.at(-1));
      while (right && take(','));
      right &&= take(']');
    }
    if (right && values.length >= least) return values;
    at = begin;
    return refuse(rule);
  };

  /** Checks that only blanks are left. */
  const end = (): void => {
    if (!take(undefined)) refuse(`${JSON_RULE}, and end with its last }`);
  };

  return { refuse, string, object, counts, end };
}

const JSON_RULE = 'must be JSON';

/** Decodes the escapes of a string; half a surrogate pair is not a character. */
function unescaped(raw: string): string {
  try {
    const text: string = JSON.parse(`"${raw}"`);
    if (isUnicode(text)) return text;
  } catch {
    // Reported below.
  }
  return fail(`header ${JSON_RULE}, with escapes that are characters`, raw);
}
