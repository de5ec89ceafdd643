import { describe, expect, it } from 'vitest';
import { type FileTensor, readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { tensor } from '../../src/tensor/create.ts';

/** A file from header text and data, right or wrong. */
function file(header: unknown, data: number | Uint8Array = 0, length?: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

const one = (over: object = {}): object => ({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...over } });

const entries: [string, FileTensor][] = [
  ['flags', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['bytes', { dtype: 'U8', shape: [2], data: Uint8Array.of(255, 7) }],
  ['x', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1.5, -0, Number.POSITIVE_INFINITY, 1e-45) }],
  ['i', { dtype: 'I32', shape: [], data: Int32Array.of(-(2 ** 31)) }],
  ['exact', { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) }],
  ['big', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
  ['none', { dtype: 'F32', shape: [0, 5], data: new Float32Array(0) }],
  ['i8', { dtype: 'I8', shape: [3], data: Int8Array.of(-128, 0, 127) }],
  ['i16', { dtype: 'I16', shape: [2], data: Int16Array.of(-32768, 32767) }],
  ['u16', { dtype: 'U16', shape: [1], data: Uint16Array.of(65535) }],
  ['u32', { dtype: 'U32', shape: [1], data: Uint32Array.of(2 ** 32 - 1) }],
  ['u64', { dtype: 'U64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }],
  ['half', { dtype: 'F16', shape: [3], data: Float32Array.of(1.5, -0, 65504) }],
  ['brain', { dtype: 'BF16', shape: [2], data: Float32Array.of(-1.5, 2 ** 100) }],
];

describe('safetensors', () => {
  it('reads back what it wrote, with names in the order given', () => {
    const read = readSafetensors(writeSafetensors(entries, { metadata: { format: 'pt', 'ключ "1"': 'ü\n' } }));
    expect([...read.tensors]).toEqual(entries);
    expect({ ...read.metadata }).toEqual({ format: 'pt', 'ключ "1"': 'ü\n' });
  });

  it('writes the bytes that the format prescribes', () => {
    const bytes = writeSafetensors([['a', { dtype: 'I32', shape: [1], data: Int32Array.of(258) }]], { checksum: false });
    const header = '{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}  ';
    expect(bytes).toEqual(file(header, Uint8Array.of(2, 1, 0, 0)));
  });

  it('aligns the data and every tensor to its element', () => {
    const bytes = writeSafetensors(entries);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const { __metadata__: _, ...header }: Record<string, { dtype: string; data_offsets: [number] }> = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, 8 + length)),
    );
    const unit: Record<string, number> = {
      F64: 8,
      I64: 8,
      U64: 8,
      F32: 4,
      I32: 4,
      U32: 4,
      F16: 2,
      BF16: 2,
      I16: 2,
      U16: 2,
      I8: 1,
      U8: 1,
      BOOL: 1,
    };
    for (const { dtype, data_offsets: at } of Object.values(header)) expect(at[0] % (unit[dtype] ?? Number.NaN)).toBe(0);
  });

  it('reads from a Buffer, an ArrayBuffer and the middle of one, and copies', () => {
    const bytes = writeSafetensors(entries);
    const inside = new Uint8Array(bytes.length + 3);
    inside.set(bytes, 3);
    for (const input of [Buffer.from(bytes), bytes.buffer, inside.subarray(3)])
      expect([...readSafetensors(input).tensors]).toEqual(entries);
    const read = readSafetensors(bytes);
    bytes.fill(0);
    expect([...read.tensors]).toEqual(entries);
  });

  it('keeps hostile names apart from objects', () => {
    const names = ['__proto__', 'constructor', 'toString', ''];
    const hostile = names.map((name, i): [string, FileTensor] => [name, { dtype: 'I32', shape: [1], data: Int32Array.of(i) }]);
    const metadata = JSON.parse('{"__proto__":"p","constructor":"c"}');
    const read = readSafetensors(writeSafetensors(hostile, { metadata }));
    expect([...read.tensors]).toEqual(hostile);
    expect(Object.entries(read.metadata)).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ]);
    expect(read.metadata.toString).toBeUndefined();
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it('widens every F16 and BF16 exactly', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const data = new Uint8Array(halves.buffer);
    const read = (dtype: string) =>
      readSafetensors(file({ a: { dtype, shape: [65536], data_offsets: [0, data.length] } }, data)).tensors.get('a')?.data as Float32Array;
    const meaning = (i: number, fractionBits: number, bias: number): number => {
      const sign = i >> 15 ? -1 : 1;
      const exponent = (i & 0x7fff) >> fractionBits;
      const fraction = (i & (2 ** fractionBits - 1)) / 2 ** fractionBits;
      if (exponent === 2 * bias + 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
      return sign * (exponent ? (1 + fraction) * 2 ** (exponent - bias) : fraction * 2 ** (1 - bias));
    };
    expect(read('F16')).toEqual(Float32Array.from(halves, (i) => meaning(i, 10, 15)));
    expect(read('BF16')).toEqual(Float32Array.from(halves, (i) => meaning(i, 7, 127)));
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /file must hold at least 8 bytes, got 0/],
    ['cut in the header', file(one(), 8).subarray(0, 20), /header must end inside the file of 20 bytes/],
    ['cut in the data', file(one(), 7), /"a" must lie inside the 7 bytes of data, got \[0, 8\]/],
    ['huge header', file('{}', 0, 100_000_001), /header must be at most 100000000 bytes, got 100000001/],
    ['header length of 2^64 - 1', new Uint8Array(8).fill(255), /header must be at most/],
    ['cut in the last bytes of the header', file('{}', 0, 3), /header must end inside the file of 10 bytes, got a length of 3/],
    ['of seven bytes', new Uint8Array(7), /file must hold at least 8 bytes, got 7/],
    ['type with a word before it', file(one({ dtype: 'xF32', shape: [3] }), 8), /"a" must have a dtype of F64 .*, got xF32/],
    ['dtype that is a number', file(one({ dtype: 32 }), 8), /"a" must have a dtype in quotes, got 32/],
    ['a control character in a name', file('{"a\u0001b":1}'), /header must be JSON, without control characters in strings, got /],
    ['no key', file('{1:2}'), /header must be JSON, with a key here, got 1:2}/],
    ['no colon', file('{"a" 1}'), /header must be JSON, with a colon here, got 1}/],
    ['no comma', file('{"__metadata__":{} "a":1}'), /header must be JSON, with a comma or } here, got "a":1}/],
    ['no end', file('{"__metadata__":{}'), /header must be JSON, with a comma or } here, got an end/],
    ['text behind it', file('{}}'), /header must be JSON, and end with its last }, got }/],
    ['an escape that is none', file('{"\\x":1}'), /header must be JSON, with escapes that are characters, got \\x/],
    ['no offsets', file({ a: { dtype: 'U8', shape: [0] } }), /"a" must hold dtype, shape and data_offsets, got dtype, shape/],
    ['no field', file({ a: {} }), /"a" must hold dtype, shape and data_offsets, got $/],
    ['no header', file('', 4), /header must begin with {, got an end/],
    ['not JSON', file('{"a":'), /"a" must be an object, got an end/],
    ['not UTF-8', new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d]), /header must be JSON in UTF-8, got other bytes/],
    ['an array', file('[]'), /header must begin with {, got \[\]/],
    ['entry not an object', file({ a: 1 }), /"a" must be an object, got 1/],
    [
      'repeated name',
      file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
      /name every key once, got "a"/,
    ],
    ['repeated field', file('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), /name every key once, got "dtype"/],
    ['unknown dtype', file(one({ dtype: 'F8_E4M3', shape: [8] }), 8), /"a" must have a dtype of F64 .*, got F8_E4M3/],
    ['type of another format', file(one({ dtype: 'C64', shape: [1] }), 8), /"a" must have a dtype of .*left out by skip or only, got C64/],
    ['dtype of a prototype', file(one({ dtype: 'toString' }), 8), /must have a dtype of/],
    [
      'no dtype',
      file({ a: { shape: [2], data_offsets: [0, 8] } }, 8),
      /"a" must hold dtype, shape and data_offsets, got shape, data_offsets/,
    ],
    ['negative shape', file(one({ shape: [-2] }), 8), /"a" must have a shape of whole numbers from 0, at most 64, got \[-2\]/],
    ['fractional shape', file(one({ shape: [0.5] }), 8), /shape of whole numbers/],
    ['shape not a list', file(one({ shape: 2 }), 8), /shape of whole numbers from 0, at most 64, got 2/],
    ['overflowing shape', file(one({ shape: [2 ** 31, 2 ** 31, 2 ** 31] }), 8), /"a" must have fewer than 2\^53 bytes/],
    ['overflow hidden by a 0', file(one({ shape: [2 ** 52, 2 ** 52, 0], data_offsets: [0, 0] }), 0), /fewer than 2\^53 bytes/],
    ['size not the shape’s', file(one({ shape: [3] }), 8), /as many bytes as F32 \[3\] takes, 12, got 8/],
    ['offsets turned round', file(one({ data_offsets: [8, 0] }), 8), /"a" must lie inside the 8 bytes of data, got \[8, 0\]/],
    ['offsets not two', file(one({ data_offsets: [8] }), 8), /two whole numbers from 0 as data_offsets, got \[8\]/],
    ['offset negative', file(one({ data_offsets: [-8, 0] }), 8), /two whole numbers from 0 as data_offsets/],
    ['unknown field', file(one({ extra: 1 }), 8), /"a" must hold dtype, shape and data_offsets only, got extra/],
    ['hole at the start', file(one({ data_offsets: [4, 12] }), 12), /"a" must begin where the tensor before it ends, at 0, got 4/],
    ['bytes after the last', file(one(), 9), /tensors must cover the data of 9 bytes, got 8 covered/],
    [
      'overlap',
      file({ ...one(), b: { dtype: 'U8', shape: [2], data_offsets: [7, 9] } }, 9),
      /"b" must begin where the tensor before it ends, at 8, got 7/,
    ],
    ['metadata not strings', file({ __metadata__: { epoch: 3 } }), /"epoch" must be a string in __metadata__, got 3/],
    ['metadata not an object', file({ __metadata__: 'x' }), /"__metadata__" must be an object, got "x"/],
    [
      'bool of 2',
      file({ a: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(2)),
      /"a" must hold 0 and 1, being BOOL, got 2/,
    ],
  ])('refuses a file that is %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(new RegExp(`^safetensors: .*${message.source}`));
  });

  it('refuses to write what it could not read', () => {
    const a: FileTensor = { dtype: 'F32', shape: [1], data: Float32Array.of(1) };
    expect(() =>
      writeSafetensors([
        ['a', a],
        ['a', a],
      ]),
    ).toThrow('safetensors: names must be given once and not be __metadata__, got "a"');
    expect(() => writeSafetensors([['__metadata__', a]])).toThrow('names must be given once');
    expect(() => writeSafetensors([['a', { ...a, shape: [2] }]])).toThrow('"a" must hold as many elements as [2], got 1');
    expect(() => writeSafetensors([['a', { ...a, dtype: 'F64' }]])).toThrow('"a" must be a Float64Array, being F64, got Float32Array');
    expect(() => writeSafetensors([['a', { ...a, dtype: 'F8_E4M3' as 'F16' }]])).toThrow('"a" must have a dtype of F64 ');
    expect(() => writeSafetensors([['\ud800', a]])).toThrow('names and metadata must be whole characters');
    expect(() => writeSafetensors([['a', a]], { metadata: { a: '\udc00' } })).toThrow('names and metadata must be whole characters');
    const stale = { 'saccade.checksum': 'x', 'saccade.checksum.tensors': 'y' };
    for (const checksum of [true, false])
      expect(readSafetensors(writeSafetensors([['a', a]], { metadata: stale, checksum })).tensors.size).toBe(1);
    expect(() => writeSafetensors([['a', { ...a, shape: new Array(65).fill(1) }]])).toThrow('from 0, at most 64');
    expect(readSafetensors(writeSafetensors([['a', { ...a, shape: new Array(64).fill(1) }]])).tensors.get('a')?.shape).toHaveLength(64);
    expect(() => writeSafetensors([['a', { ...a, data: undefined as unknown as Float32Array }]])).toThrow(
      'as many elements as [1], got nothing',
    );
    expect(() => writeSafetensors([['a', { dtype: 'BOOL', shape: [1], data: Uint8Array.of(3) }]])).toThrow('must hold 0 and 1');
  });
});

describe('tensors in a file', () => {
  it('keep type, shape and bits', () => {
    const tensors = new Map([
      ['x', tensor([[1.5, -0, Number.NaN]])],
      ['index', tensor(Int32Array.of(-1, 2 ** 31 - 1))],
      ['mask', tensor([true, false])],
    ]);
    const loaded = loadTensors(saveTensors(tensors));
    expect([...loaded.keys()]).toEqual(['x', 'index', 'mask']);
    for (const [name, x] of tensors) {
      const y = loaded.get(name);
      expect([y?.dtype, y?.shape, y?.toArray()]).toEqual([x.dtype, x.shape, x.toArray()]);
    }
  });

  it('narrow I64 and F64 only where they may', () => {
    const long = (value: bigint) => writeSafetensors([['n', { dtype: 'I64', shape: [1], data: BigInt64Array.of(value) }]]);
    expect(
      loadTensors(long(-(2n ** 31n)))
        .get('n')
        ?.item(),
    ).toBe(-(2 ** 31));
    expect(() => loadTensors(long(2n ** 31n))).toThrow('safetensors: "n" must fit int32, got 2147483648');
    const double = writeSafetensors([['d', { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) }]]);
    expect(loadTensors(double).get('d')?.item()).toBe(Math.fround(Math.PI));
  });
});
