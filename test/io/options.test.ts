import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCheckpoint, restoreCheckpoint, writeCheckpoint } from '../../src/io/checkpoint.ts';
import { loadFile, saveFile } from '../../src/io/file.ts';
import { saveTensorsLike } from '../../src/io/like.ts';
import { type FileTensor, readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { withTypes } from '../../src/io/types.ts';
import { Linear } from '../../src/nn/linear.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';

const of = (dtype: string, data: unknown): FileTensor => ({ dtype, shape: [(data as Float32Array).length], data }) as FileTensor;

it.each<[string, FileTensor, string, number[]]>([
  ['F64', of('F64', Float64Array.of(1 / 3, -Infinity)), 'float32', [Math.fround(1 / 3), -Infinity]],
  ['F32', of('F32', Float32Array.of(1 / 3)), 'float32', [Math.fround(1 / 3)]],
  ['F16', of('F16', Float32Array.of(-0, 65504)), 'float32', [-0, 65504]],
  ['BF16', of('BF16', Float32Array.of(2 ** 100)), 'float32', [2 ** 100]],
  ['I64', of('I64', BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n)), 'int32', [-(2 ** 31), 2 ** 31 - 1]],
  ['U64', of('U64', BigUint64Array.of(0n, 2n ** 31n - 1n)), 'int32', [0, 2 ** 31 - 1]],
  ['I32', of('I32', Int32Array.of(-(2 ** 31))), 'int32', [-(2 ** 31)]],
  ['U32', of('U32', Uint32Array.of(2 ** 31 - 1)), 'int32', [2 ** 31 - 1]],
  ['I16', of('I16', Int16Array.of(-32768, 32767)), 'int32', [-32768, 32767]],
  ['U16', of('U16', Uint16Array.of(65535)), 'int32', [65535]],
  ['I8', of('I8', Int8Array.of(-128, 127)), 'int32', [-128, 127]],
  ['U8', of('U8', Uint8Array.of(255)), 'int32', [255]],
  ['BOOL', of('BOOL', Uint8Array.of(1, 0)), 'bool', [1, 0]],
])('loads a tensor of %s', (_, entry, dtype, expected) => {
  const x = loadTensors(writeSafetensors([['x', entry]])).get('x');
  expect(x?.dtype).toBe(dtype);
  expect([...(x?.toArray() ?? [])]).toEqual(expected);
});

it('refuses a number that would become another, by the tensor’s name', () => {
  const load = (entry: FileTensor) => () => loadTensors(writeSafetensors([['x', entry]]));
  expect(load(of('I64', BigInt64Array.of(1n, -(2n ** 31n) - 1n)))).toThrow('safetensors: "x" must fit int32, got -2147483649');
  expect(load(of('U64', BigUint64Array.of(2n ** 64n - 1n)))).toThrow('safetensors: "x" must fit int32, got 18446744073709551615');
  expect(load(of('U32', Uint32Array.of(2 ** 31)))).toThrow('safetensors: "x" must fit int32, got 2147483648');
  expect(load(of('F64', Float64Array.of(1e300)))).toThrow('safetensors: "x" must fit float32, got 1e+300');
});

/** A file of one tensor that loads and others of types that do not, as other programs write them. */
function foreign(): Uint8Array {
  const header = JSON.stringify({
    good: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
    eight: { dtype: 'F8_E4M3', shape: [2, 2], data_offsets: [8, 12] },
    complex: { dtype: 'C64', shape: [1], data_offsets: [12, 20] },
    four: { dtype: 'F4', shape: [2, 1], data_offsets: [20, 21] },
    later: { dtype: 'Q5_NEW', shape: [7], data_offsets: [21, 24] },
  });
  const bytes = new Uint8Array(8 + header.length + 24);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(new TextEncoder().encode(header), 8);
  bytes.set(new Uint8Array(Float32Array.of(5, 6).buffer), 8 + header.length);
  return bytes;
}

it('leaves out by name what cannot be loaded, and loads the rest', async () => {
  const bytes = foreign();
  expect(() => loadTensors(bytes)).toThrow(/^safetensors: "eight" must have a dtype of F64 .*left out by skip or only, got F8_E4M3$/);
  for (const options of [
    { skip: ['eight', 'complex', 'four', 'later'] },
    { only: ['good'] },
    { only: (name: string) => name.startsWith('g') },
    { skip: (name: string) => name !== 'good' },
    { only: ['good', 'four'], skip: ['four'] },
  ]) {
    expect([...loadTensors(bytes, options)].map(([name, x]) => [name, ...x.toArray()])).toEqual([['good', 5, 6]]);
    expect([...readSafetensors(bytes, options).tensors.keys()]).toEqual(['good']);
  }
  const folder = await mkdtemp(join(tmpdir(), 'saccade-'));
  await writeFile(join(folder, 'x'), bytes);
  expect([...(await loadFile(join(folder, 'x'), { only: ['good'] })).tensors.keys()]).toEqual(['good']);
  await rm(folder, { recursive: true });
  const wrong = Uint8Array.from(bytes, (byte, i) => (i === new TextDecoder().decode(bytes).indexOf('[2,2]') + 1 ? 0x33 : byte)); // [3,2]
  expect(() => loadTensors(wrong, { only: ['good'] })).toThrow(
    'safetensors: "eight" must have as many bytes as F8_E4M3 [3, 2] takes, 6, got 4',
  );
});

it('refuses names that the file does not have: a misspelt one would leave out nothing', () => {
  const bytes = saveTensors([['weight', tensor([1])]]);
  expect(() => loadTensors(bytes, { only: ['wieght'] })).toThrow('safetensors: only must name tensors of the file, [weight], got [wieght]');
  expect(() => loadTensors(bytes, { skip: ['bias'] })).toThrow('safetensors: skip must name tensors of the file, [weight], got [bias]');
});

it('gives the metadata with the tensors', () => {
  const loaded = loadTensors(saveTensors([['x', tensor([1])]], { metadata: { words: 'a b', constructor: 'c' } }));
  expect(loaded.metadata.words).toBe('a b');
  expect({ ...loaded.metadata }).toEqual({ words: 'a b', constructor: 'c' });
  expect(loaded.metadata.toString).toBeUndefined();
  expect(new Map(loaded).get('x')?.item()).toBe(1);
});

it('leaves no tensor behind where a later one is refused', () => {
  const bytes = writeSafetensors([
    ['a', of('F32', new Float32Array(1000))],
    ['b', of('U32', Uint32Array.of(2 ** 31))],
  ]);
  const { blocks } = memoryReport();
  expect(() => loadTensors(bytes)).toThrow('must fit int32');
  expect(memoryReport().blocks).toBe(blocks);
});

it.each(process.env.SACCADE_BRIEF ? (['F32'] as const) : (['F32', 'F16', 'U16'] as const))(
  'reads a tensor of %s in pieces as in one',
  (dtype) => {
    // Above 16 MiB a tensor comes in several pieces.
    const { BYTES_PER_ELEMENT: size } = { F32: Float32Array, F16: Uint16Array, U16: Uint16Array }[dtype];
    const length = 2 ** 24 / size + 5;
    const values = Float32Array.from({ length }, (_, i) => i % 2047);
    const data = dtype === 'U16' ? Uint16Array.from(values) : values;
    const first = of('F64', Float64Array.of(1, 2, 3)); // lies before it
    const bytes = writeSafetensors(
      [
        ['first', first],
        ['x', of(dtype, data)],
      ],
      { checksum: !process.env.SACCADE_BRIEF },
    );
    const same = (x: Iterable<number>) => Buffer.compare(Buffer.from(Float32Array.from(x).buffer), Buffer.from(values.buffer)) === 0;
    scope(() => expect(same(loadTensors(bytes).get('x')?.toArray() as Float32Array)).toBe(true));
    expect(same(readSafetensors(bytes).tensors.get('x')?.data as Float32Array)).toBe(true);
  },
);

it('says what it wants where it is given no bytes', () => {
  for (const nothing of [undefined, null, 'model.safetensors', 5, {}]) {
    expect(() => loadTensors(nothing as unknown as Uint8Array)).toThrow('safetensors: file must be a Uint8Array or an ArrayBuffer, got ');
  }
});

it('refuses options that there are not, and values that are none, before anything is read or written', async () => {
  const bytes = writeSafetensors([['x', of('F32', Float32Array.of(1))]]);
  const names = 'safetensors: options must be among only, skip, checksum, maximumHeader';
  for (const read of [readSafetensors, loadTensors, readCheckpoint] as ((bytes: Uint8Array, options: unknown) => unknown)[]) {
    expect(() => read(bytes, { chekcsum: false })).toThrow(`${names}, got chekcsum`);
    expect(() => read(bytes, null)).toThrow('safetensors: options must be an object, got null');
    expect(() => read(bytes, { maximumHeader: Number.NaN })).toThrow('safetensors: header must be at most NaN bytes, got');
    for (const only of ['x', 3, /x/, new Set(['x'])])
      expect(() => read(bytes, { only })).toThrow('safetensors: only must be an array of names or a function, got');
  }
  const write = writeSafetensors as (entries: unknown, options: unknown) => unknown;
  expect(() => write([], { metdata: {} })).toThrow('safetensors: options must be among metadata, checksum, got metdata');
  for (const metadata of [new Map([['a', 'b']]), ['a'], 'ab', null])
    expect(() => write([], { metadata })).toThrow('safetensors: __metadata__ must be an object of strings, got');
  expect(() => saveTensors([['x', tensor([1])]], { dtype: 'F16' } as object)).toThrow('safetensors: options must be among');
  expect(() => saveTensors([['x', [1, 2]]] as never)).toThrow('safetensors: x must be a tensor, got [1, 2]');
});

it('refuses parts of a checkpoint that there are not: an optimiser under another name would be lost', () => {
  const model = new Linear({ input: 1, output: 1 }, key(1));
  const write = writeCheckpoint as (parts: unknown) => Uint8Array;
  const names = 'checkpoint: options must be among model, optimizer, best';
  expect(() => write({ model, optimiser: model })).toThrow(`${names}, position, numbers, keys, metadata, got optimiser`);
  expect(() => write({})).toThrow('checkpoint: model must have stateDict(), got undefined');
  expect(() => write(undefined)).toThrow('checkpoint: options must be an object, got undefined');
  const saved = readCheckpoint(write({ model }));
  const restore = restoreCheckpoint as (checkpoint: unknown, into: unknown) => void;
  expect(() => restore(saved, { model, optimiser: model })).toThrow(`${names}, got optimiser`);
  expect(() => restore(saved, {})).toThrow('checkpoint: model must have stateDict(), got undefined');
  expect(() => restore(write({ model }), { model })).toThrow('checkpoint: checkpoint must be one that was read, got an object');
});

it.each<[string, unknown]>([
  ['Linear', new Linear({ input: 2, output: 2 }, key(1))],
  ['Adam', new Adam(new Linear({ input: 2, output: 2 }, key(1)))],
  ['Object', { weight: tensor([1]) }],
  ['Number', 5],
  ['none', undefined],
  ['Tensor', [tensor([1])]],
  ['Array', [[1, tensor([1])]]],
])('writes no file of what are no entries: %s', async (got, tensors) => {
  const wrong = `safetensors: tensors must be entries such as model.stateDict(), got ${got}`;
  const folder = await mkdtemp(join(tmpdir(), 'saccade-'));
  await expect(saveFile(join(folder, 'x.safetensors'), tensors as never)).rejects.toThrow(wrong);
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
  expect(() => saveTensors(tensors as never)).toThrow(wrong);
  expect(() => withTypes(tensors as never, 'F16')).toThrow(wrong);
  expect(() => writeSafetensors(tensors as never)).toThrow(wrong);
  const file = loadTensors(saveTensors(new Map()));
  expect(() => saveTensorsLike(tensors as never, file)).toThrow('safetensors: tensors must be a Map such as model.stateDict(), got');
});
