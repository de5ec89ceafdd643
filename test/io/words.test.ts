// How much of a name a message quotes, and what files say of names and sizes at their limits.
import { expect, it } from 'vitest';
import { type FileTensor, readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { brief, listed, quote } from '../../src/io/words.ts';

it('quotes 80 characters of a name at most, and eight names of many', () => {
  const [eighty, more] = ['x'.repeat(80), 'x'.repeat(81)];
  expect([brief(eighty), brief(more), quote(eighty), quote(more)]).toEqual([eighty, `${eighty}…`, `"${eighty}"`, `"${eighty}…"`]);
  expect(quote('a "b"\n')).toBe('"a \\"b\\"\\n"');
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  expect(listed([])).toBe('[]');
  expect(listed(names)).toBe('[a, b, c, d, e, f, g, h]');
  expect(listed(new Set([...names, 'i']))).toBe('[a, b, c, d, e, f, g, h, … 9 in all]');
  expect(listed([more])).toBe(`[${eighty}…]`);
});

it('takes a shape of 64 axes and no more', () => {
  const entry = (rank: number): FileTensor => ({ dtype: 'U8', shape: new Array(rank).fill(1), data: Uint8Array.of(7) });
  const read = (rank: number) => readSafetensors(writeSafetensors([['x', entry(rank)]])).tensors.get('x');
  expect(read(64)).toEqual(entry(64));
  expect(() => read(65)).toThrow('safetensors: "x" must have a shape of whole numbers from 0, at most 64, got [1, 1, ');
});

it('takes no header that ends after the file, by one byte or by eight', () => {
  const bytes = writeSafetensors([], { checksum: false });
  const length = bytes.length - 8;
  for (const more of [1, 8, 16]) {
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length + more), true);
    expect(() => readSafetensors(bytes)).toThrow(
      `safetensors: header must end inside the file of ${bytes.length} bytes, got a length of ${length + more}`,
    );
  }
});

it('knows the bytes of a type by the whole of its name', () => {
  const file = (dtype: string) => {
    const header = JSON.stringify({ x: { dtype, shape: [3], data_offsets: [0, 2] } });
    return Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(header), 1, 2);
  };
  expect(() => readSafetensors(file('F8_E4M3'), { skip: ['x'] })).toThrow('"x" must have as many bytes as F8_E4M3 [3] takes, 3, got 2');
  expect(readSafetensors(file('QF8'), { skip: ['x'] }).tensors.size).toBe(0);
});

it('takes a header of just as many bytes as are allowed', () => {
  const bytes = writeSafetensors([], { checksum: false });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(readSafetensors(bytes, { maximumHeader: length }).tensors.size).toBe(0);
  expect(() => readSafetensors(bytes, { maximumHeader: length - 1 })).toThrow(
    `safetensors: header must be at most ${length - 1} bytes, got ${length}`,
  );
});

it('has tensors without elements in every place, and in any order', () => {
  const none = (): FileTensor => ({ dtype: 'F32', shape: [0], data: new Float32Array(0) });
  const some = (value: number): FileTensor => ({ dtype: 'F32', shape: [1], data: Float32Array.of(value) });
  const entries: [string, FileTensor][] = [
    ['a', none()],
    ['b', some(1)],
    ['c', none()],
    ['d', some(2)],
    ['e', none()],
  ];
  for (const order of [entries, entries.toReversed(), entries.slice(1), entries.slice(0, 1), entries.slice(0, 0)])
    expect([...readSafetensors(writeSafetensors(order)).tensors]).toEqual(order);
  // one that begins where another does comes before it, whatever the header's order
  const header = '{"long":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"none":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}';
  const bytes = new Uint8Array(8 + header.length + 2);
  bytes[0] = header.length;
  bytes.set(new TextEncoder().encode(header), 8);
  expect([...readSafetensors(bytes).tensors.keys()]).toEqual(['long', 'none']);
});

it('is the same file whether its options are left out or are the defaults', () => {
  const entries: [string, FileTensor][] = [['a', { dtype: 'U8', shape: [1], data: Uint8Array.of(7) }]];
  expect(writeSafetensors(entries, { checksum: true, metadata: {} })).toEqual(writeSafetensors(entries));
  expect(new TextDecoder().decode(writeSafetensors(entries, { checksum: false }))).not.toContain('__metadata__');
  expect(new TextDecoder().decode(writeSafetensors(entries, { checksum: false, metadata: { a: 'b' } }))).toContain(
    '{"__metadata__":{"a":"b"},',
  );
});

it('says which metadata is none', () => {
  const write = (metadata: object) => () => writeSafetensors([], { metadata: metadata as Record<string, string> });
  expect(write({ epoch: 3 })).toThrow('safetensors: __metadata__ must hold strings, at "epoch", got number');
  expect(write({ '\ud800': 'a' })).toThrow('safetensors: names and metadata must be whole characters, got "\\ud800"');
  expect(write({ a: 'b\ud800' })).toThrow('safetensors: names and metadata must be whole characters, got "b\\ud800"');
});
