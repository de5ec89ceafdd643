import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';

/** A file of a header as text, with so many bytes of zeros behind it. */
function file(header: string, data: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

/** What `JSON.parse` makes of a header, and the rules in words of their own; `undefined` where one is broken. */
function oracle(header: string, data: number): { names: string[]; shapes: unknown[]; metadata: object } | undefined {
  const counts = (value: unknown): value is number[] => Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
  const bits: Record<string, number> = { F64: 64, I64: 64, U64: 64, F32: 32, I32: 32, U32: 32, F16: 16, BF16: 16, I16: 16, U16: 16, I8: 8, U8: 8, BOOL: 8 }; // biome-ignore format: a table
  if (!header.startsWith('{')) return undefined;
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(header, (name, value) => {
      encodeURIComponent(name); // throws where half a pair stands
      if (typeof value === 'string') encodeURIComponent(value);
      return value;
    });
  } catch {
    return undefined;
  }
  if (header.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/[-.eE](?=\d)|\d[.eE]/)) return undefined; // numbers in other spellings
  const { __metadata__: metadata = {}, ...tensors } = parsed;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return undefined;
  if (!Object.values(metadata).every((text) => typeof text === 'string')) return undefined;
  const layouts = Object.values(tensors) as { dtype: string; shape: number[]; data_offsets: [number, number] }[];
  for (const layout of layouts) {
    if (typeof layout !== 'object' || layout === null) return undefined;
    if (Object.keys(layout).sort().join() !== 'data_offsets,dtype,shape') return undefined;
    const { dtype, shape, data_offsets: offsets } = layout;
    if (!Object.hasOwn(bits, String(dtype)) || !counts(shape) || shape.length > 64 || !counts(offsets) || offsets.length !== 2)
      return undefined;
    let size = BigInt(bits[dtype] ?? 0);
    for (const length of shape) {
      size *= BigInt(length);
      if (size >= 2n ** 56n) return undefined;
    }
    if (size !== 8n * (BigInt(offsets[1]) - BigInt(offsets[0]))) return undefined;
  }
  let at = 0;
  for (const {
    data_offsets: [begin, end],
  } of [...layouts].sort((a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1])) {
    // biome-ignore format: one line
    if (begin !== at) return undefined;
    at = end;
  }
  return at === data ? { names: Object.keys(tensors), shapes: layouts.map((layout) => layout.shape), metadata } : undefined;
}

function read(bytes: Uint8Array): { names: string[]; shapes: unknown[]; metadata: object } | undefined {
  try {
    const { tensors, metadata } = readSafetensors(bytes);
    return { names: [...tensors.keys()], shapes: [...tensors.values()].map(({ shape }) => shape), metadata: { ...metadata } };
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('safetensors: ')) return undefined;
    throw error;
  }
}

const word = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '/', '\n', '\u0001', 'é', '\u{1f600}', 'a', '7') }),
);
const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 2 });

/** Headers that keep every rule, with JSON's freedoms: blanks anywhere, escapes or none, fields in any order. */
const headers = fc
  .record({
    tensors: fc.uniqueArray(
      fc.record({ name: word, dtype: fc.constantFrom('F32', 'U8', 'I64', 'BF16', 'BOOL'), shape: fc.array(fc.nat(3), { maxLength: 4 }) }),
      { selector: ({ name }) => name, maxLength: 5 },
    ),
    metadata: fc.dictionary(word, word, { noNullPrototype: true }),
    order: fc.shuffledSubarray(['dtype', 'shape', 'data_offsets'], { minLength: 3 }),
    blanks: fc.infiniteStream(space),
    escaped: fc.boolean(),
  })
  .map(({ tensors, metadata, order, blanks, escaped }) => {
    const blank = (): string => blanks.next().value ?? '';
    const quoted = (text: string): string => {
      const json = JSON.stringify(text);
      return escaped ? json.replace(/[a-z]/g, (c, i) => (json[i - 1] === '\\' || /\\u[0-9a-f]{0,3}$/.test(json.slice(0, i)) ? c : `\\u00${c.charCodeAt(0).toString(16)}`)) : json; // biome-ignore format: one line
    };
    const member = (key: string, value: string): string => `${blank()}${quoted(key)}${blank()}:${blank()}${value}${blank()}`;
    const sizes: Record<string, number> = { F32: 4, U8: 1, I64: 8, BF16: 2, BOOL: 1 };
    let at = 0;
    const members = tensors.filter(({ name }) => name !== '__metadata__').map(({ name, dtype, shape }) => {
      const begin = at;
      at += shape.reduce((size, length) => size * length, sizes[dtype] ?? 0);
      const list = (values: number[]): string => `[${values.map((n) => `${blank()}${n}${blank()}`).join(',')}]`;
      const fields: Record<string, string> = { dtype: quoted(dtype), shape: list(shape), data_offsets: list([begin, at]) };
      return member(name, `{${order.map((field) => member(field, fields[field] ?? '')).join(',')}}`);
    }); // biome-ignore format: short
    members.splice(tensors.length % 3, 0, member('__metadata__', `{${Object.entries(metadata).map(([k, v]) => member(k, quoted(v)))}}`));
    return { header: `{${members.join(',')}}${blank()}`, data: at };
  });

describe('the scanner of headers', () => {
  it('reads every valid header as JSON.parse does', () => {
    fc.assert(
      fc.property(headers, ({ header, data }) => {
        const expected = oracle(header, data);
        expect(expected).toBeDefined();
        const found = read(file(header, data));
        expect(found?.metadata).toEqual(expected?.metadata);
        // JSON.parse puts names that are numbers first.
        expect(found?.names.toSorted()).toEqual(expected?.names.toSorted());
        expect(found?.shapes.map(String).toSorted()).toEqual(expected?.shapes.map(String).toSorted());
      }),
      { numRuns: process.env.SACCADE_BRIEF ? 100 : 1000 },
    );
  });

  it('refuses and accepts mutated headers as JSON.parse and the rules do', () => {
    const bits = [
      '"',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '-',
      '0',
      '1',
      '.0',
      'e0',
      '\\',
      '\\ud800',
      '\\u0061',
      'null',
      ' ',
      '\u0000',
      '\ud800',
    ];
    let accepted = 0;
    fc.assert(
      fc.property(headers, fc.nat(), fc.nat(2), fc.constantFrom('', ...bits), ({ header, data }, place, cut, put) => {
        const at = place % (header.length + 1);
        const text = new TextDecoder().decode(new TextEncoder().encode(header.slice(0, at) + put + header.slice(at + cut)));
        const expected = oracle(text, data);
        const found = read(file(text, data));
        if (repeats(text)) return;
        if (expected) accepted++;
        expect(found?.names.length, text).toBe(expected?.names.length);
        if (expected) expect(found?.metadata).toEqual(expected.metadata);
      }),
      { numRuns: process.env.SACCADE_BRIEF ? 1000 : 5000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  /** Whether a key stands twice, which JSON.parse passes over: `JSON.stringify` is then shorter by it. */
  function repeats(text: string): boolean {
    let keys = 0;
    let parsed: unknown;
    try {
      parsed = JSON.parse(text, (_, value) => value);
    } catch {
      return false;
    }
    const count = (value: unknown): number =>
      typeof value === 'object' && value !== null ? (Array.isArray(value) ? 0 : Object.keys(value).length) + Object.values(value).reduce((sum: number, part) => sum + count(part), 0) : 0; // biome-ignore format: one line
    for (const _ of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:/g)) keys++;
    return keys !== count(parsed);
  }

  it.each([
    ['a lone surrogate in a name', '{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'],
    ['a lone surrogate in the metadata', '{"__metadata__":{"a":"\\udc00\\ud800"}}'],
    ['-0 as a length', '{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}'],
    ['0e0 as a length', '{"a":{"dtype":"U8","shape":[0e0],"data_offsets":[0,0]}}'],
    ['0.0 as a length', '{"a":{"dtype":"U8","shape":[0.0],"data_offsets":[0,0]}}'],
    ['00 as a length', '{"a":{"dtype":"U8","shape":[00],"data_offsets":[0,0]}}'],
    ['-0 as an offset', '{"a":{"dtype":"U8","shape":[0],"data_offsets":[-0,0]}}'],
    ['a length of 2^53', '{"a":{"dtype":"U8","shape":[9007199254740992,0],"data_offsets":[0,0]}}'],
    ['65 axes', `{"a":{"dtype":"U8","shape":[${new Array(65).fill(0)}],"data_offsets":[0,0]}}`],
    ['three offsets', '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}'],
    ['a key of the metadata twice', '{"__metadata__":{"a":"1","\\u0061":"2"}}'],
    ['two metadata', '{"__metadata__":{},"__metadata__":{}}'],
    ['a comma too many', '{"__metadata__":{},}'],
    ['text behind it', '{}x'],
    ['a byte order mark', '\ufeff{}'],
    ['a line break in a string', '{"__metadata__":{"a":"\n"}}'],
    ['an escape that is none', '{"__metadata__":{"a":"\\x"}}'],
  ])('refuses %s', (_, header) => {
    expect(() => readSafetensors(file(header, 0))).toThrow(/^safetensors: /);
  });

  it('reads 64 axes, and lengths to 2^53 - 1', () => {
    const shape = [...new Array(63).fill(1), 0];
    const read = readSafetensors(file(`{"a":{"dtype":"U8","shape":[${shape}],"data_offsets":[0,0]}}`, 0));
    expect(read.tensors.get('a')?.shape).toEqual(shape);
    expect(() => readSafetensors(file('{"a":{"dtype":"U8","shape":[9007199254740991],"data_offsets":[0,0]}}', 0))).toThrow(
      'as many bytes as',
    );
  });

  it.skipIf(process.env.SACCADE_BRIEF)('takes 20 MB of header in bounded time, and less that is hostile, and quotes little of it', () => {
    const many = (part: (i: number) => string): string => {
      const parts: string[] = [];
      for (let length = 0, i = 0; length < 20e6; length += parts[i - 1]?.length ?? 0) parts.push(part(i++));
      return parts.join('');
    };
    const same = (part: string): string => part.repeat(4e6 / part.length);
    const entry = '"dtype":"F32","shape":[0],"data_offsets":[0,0]';
    const hostile: [string, string | number][] = [
      [`{"a":[${same('{},')}`, '"a" must be an object'],
      [`{"a":${same('[')}`, '"a" must be an object'],
      [same('{"a":'), '"a" must hold dtype, shape and data_offsets only, got a'],
      [`{"a":{"dtype":"F32","shape":[${same('0,')}0]`, '"a" must have a shape of whole numbers'],
      [`{"${same('x'.repeat(1000))}":{"dtype":"F33","shape":[0],"data_offsets":[0,0]}}`, 'must have a dtype of'],
      [`{"${same('\\ud800')}":{${entry}}}`, 'escapes that are characters'],
      [`{${same(' ')}}`, 0],
      [`{${many((i) => `"${i}":{${entry}},`)}"x":{${entry}}}`, 300_000],
      [`{"__metadata__":{${many((i) => `"${i.toString(36)}":"",`)}"-":""}}`, 0],
    ];
    for (const [header, outcome] of hostile) {
      const bytes = file(header, 0);
      const began = process.cpuUsage();
      if (typeof outcome === 'number') expect(readSafetensors(bytes).tensors.size).toBeGreaterThanOrEqual(outcome);
      else {
        let message = '';
        try {
          readSafetensors(bytes);
        } catch (error) {
          message = error instanceof Error ? error.message : '';
        }
        expect(message).toContain(outcome);
        expect(message.length).toBeLessThan(400);
      }
      const { user, system } = process.cpuUsage(began);
      expect((user + system) / 1e6, header.slice(0, 40)).toBeLessThan(12); // 4 s where nothing else runs, as the format's own reader takes
    }
  });

  it('takes less of a header where less is asked for', () => {
    const bytes = writeSafetensors([]);
    expect(() => readSafetensors(bytes, { maximumHeader: 50 })).toThrow('safetensors: header must be at most 50 bytes');
    expect(readSafetensors(bytes, { maximumHeader: 1000 }).tensors.size).toBe(0);
  });
});
