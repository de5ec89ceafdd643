// Files that are read into a module piece by piece, from wherever they come.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadInto } from '../../src/io/into.ts';
import { writeSafetensors } from '../../src/io/safetensors.ts';
import type { FileSource } from '../../src/io/source.ts';
import { saveTensors } from '../../src/io/tensors.ts';
import { withTypes } from '../../src/io/types.ts';
import { buffer } from '../../src/nn/buffer.ts';
import { StateMap } from '../../src/nn/index.ts';
import { Module, param } from '../../src/nn/module.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { arange, full, tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saccade-'));
});
afterAll(() => rm(folder, { recursive: true }));

class Model extends Module {
  readonly weight = param(() => zeros([300, 1000])); // more than one piece
  readonly bias = param(() => zeros([3]));
  readonly count = buffer(() => full([2], 0, 'int32'));
  readonly flags = buffer(() => full([3], 0, 'bool'));
}

/** Elements; of many, a hash. */
const values = (model: Module) =>
  Object.fromEntries(
    [...model.stateDict()].map(([path, x]) => {
      const all = x.toArray();
      return [path, all.length < 100 ? [...all] : createHash('sha256').update(all).digest('hex')];
    }),
  );
const filled = () => {
  const model = new Model();
  model.weight.view().set(Float32Array.from({ length: 300_000 }, (_, i) => i / 7));
  model.bias.view().set([1, -2, 3]);
  model.count.view().set([5, -6]);
  model.flags.view().set([1, 0, 1]);
  return model;
};

/** A stream in chunks of odd sizes. */
const streamOf = (bytes: Uint8Array, sizes = [1, 7, 100_003]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] as number;
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
      }
      controller.close();
    },
  });

/** The tensors in the order of the header, which is not that of the data: bool lies last, int32 and float32 as they come. */
const file = () => saveTensors([...filled().stateDict()].reverse(), { metadata: { made: 'here' } });

const headerOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes.subarray(8, 8 + (bytes[0] as number) + 256 * (bytes[1] as number)));

/** The path of a file that holds these. */
async function written(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'model.safetensors');
  await writeFile(path, bytes);
  return path;
}

describe('loadInto', () => {
  it.each<[string, (bytes: Uint8Array<ArrayBuffer>) => FileSource | Promise<FileSource>]>([
    ['bytes', (bytes) => bytes],
    ['an ArrayBuffer', (bytes) => bytes.slice().buffer],
    ['a view in the middle of others', (bytes) => Uint8Array.from([9, ...bytes, 9]).subarray(1, -1)],
    ['a Blob', (bytes) => new Blob([bytes])],
    ['a Response', (bytes) => new Response(bytes)],
    ['a stream', (bytes) => streamOf(bytes)],
    ['a path', written],
    ['a URL', async (bytes) => pathToFileURL(await written(bytes))],
  ])('reads %s, staged and in place', async (_, source) => {
    for (const staged of [true, false]) {
      const model = new Model();
      const tensors = [...model.stateDict().values()];
      const from = await source(file());
      const before = memoryReport().blocks;
      const { metadata, header } = await loadInto(model, from, { staged });
      expect(memoryReport().blocks).toBeLessThanOrEqual(before);
      expect(values(model)).toEqual(values(filled()));
      expect([...model.stateDict().values()].every((x, i) => x === tensors[i])).toBe(true);
      expect({ ...metadata }).toEqual({ made: 'here' });
      expect(header).toBe(headerOf(file()));
    }
  });

  it('reads every type', async () => {
    const bytes = saveTensors(
      withTypes(
        filled().stateDict(),
        new Map([
          ['bias', 'BF16'],
          ['count', 'I64'],
          ['weight', 'F64'],
        ]),
      ),
    );
    const model = new Model();
    await loadInto(model, bytes);
    expect(values(model)).toEqual(values(filled()));
  });

  it('renames, transposes, splits and joins as it reads', async () => {
    const model = new Model();
    const map = new StateMap([
      { from: 'w', to: 'weight', transpose: true },
      { from: ['b.bias', 'c.bias'], to: 'bias', shares: [1, 2] },
      { from: 'mask', ignore: true },
      { from: '**', to: '**' },
    ]);
    const { weight, count, flags } = filled();
    const entries: [string, Tensor][] = [
      ['mask', zeros([5])],
      [
        'w',
        tensor(
          Float32Array.from({ length: 300_000 }, (_, i) => ((i % 300) * 1000 + Math.floor(i / 300)) / 7),
          { shape: [1000, 300] },
        ),
      ],
      ['c.bias', tensor([-2, 3])],
      ['b.bias', tensor([1])],
      ['count', count],
      ['flags', flags],
    ];
    for (const staged of [true, false])
      for (const source of [saveTensors(entries), streamOf(saveTensors(entries))]) {
        for (const x of model.stateDict().values()) x.view().fill(0);
        await loadInto(model, source, { map, staged });
        expect(values(model)).toEqual(values(filled()));
      }
    const again = map.save(model.stateDict(), new Map(entries));
    expect(Buffer.compare(saveTensors(again), saveTensors(entries))).toBe(0);
    expect(weight.shape).toEqual([300, 1000]);
  });

  it('compares what is tied', async () => {
    class Tied extends Module {
      readonly a = param(() => zeros([2]));
      readonly b: Module = Object.assign(new (class extends Module {})(), { a: this.a });
    }
    const write = (first: number[], second: number[], names = ['a', 'b.a']) =>
      saveTensors([[names[0] as string, tensor(first)], [names[1] as string, tensor(second)]]); // biome-ignore format: a table
    for (const staged of [true, false]) {
      const model = new Tied();
      await loadInto(model, write([1, 2], [1, 2]), { staged });
      expect(values(model)).toEqual({ a: [1, 2] });
      await expect(loadInto(model, write([3, 4], [3, 5]), { staged })).rejects.toThrow('must hold the same as the path it is tied to');
      const map = new StateMap([
        { from: 'head', tie: 'a' },
        { from: 'a', to: 'a' },
      ]);
      await loadInto(model, write([6, 7], [6, 7], ['head', 'a']), { map, staged });
      expect(values(model)).toEqual({ a: [6, 7] });
      const other = loadInto(model, write([6, 7], [6, 8], ['head', 'a']), { map, staged });
      await expect(other).rejects.toThrow('safetensors: "head" must hold the same as "a", got other bytes');
      class Two extends Module {
        readonly x = param(() => zeros([2]));
        readonly y = param(() => zeros([2]));
      }
      const two = new Two();
      const copy = new StateMap([
        { to: 'y', tie: 'x' },
        { from: '**', to: '**' },
      ]);
      await loadInto(two, saveTensors([['x', tensor([8, 9])]]), { map: copy, staged });
      expect(values(two)).toEqual({ x: [8, 9], y: [8, 9] });
    }
  });

  it('leaves out by name, and without strict', async () => {
    const model = new Model();
    await loadInto(model, streamOf(file()), { only: ['bias'], strict: false });
    expect([...model.bias.toArray(), ...model.count.toArray()]).toEqual([1, -2, 3, 0, 0]);
    await loadInto(model, saveTensors([['strange', zeros([9])], ['count', arange(2)]]), { strict: false }); // biome-ignore format: a table
    expect([...model.count.toArray()]).toEqual([0, 1]);
  });
});

describe('loadInto changes nothing', () => {
  const spoiled = (bytes: Uint8Array<ArrayBuffer>) => bytes.with(bytes.length - 1, (bytes.at(-1) as number) ^ 1);
  const half = (options: object = {}) => ({ cut: (bytes: Uint8Array<ArrayBuffer>) => bytes.subarray(0, bytes.length / 2), ...options });

  it.each<[string, () => FileSource, object, string]>([
    [
      'where a name is unknown',
      () => saveTensors([...filled().stateDict(), ['strange', zeros([1])]]),
      {},
      "paths must be the module's, got unknown [strange] and missing []",
    ],
    ['where one is missing', () => saveTensors([['bias', zeros([3])]]), {}, 'missing [weight, count, flags]'],
    [
      'where the shape is another',
      () =>
        saveTensors([
          ['weight', filled().weight],
          ['bias', zeros([4])],
        ]),
      { strict: false },
      'loadInto: bias must be float32 [3], got float32 [4]',
    ],
    [
      'where the type is another',
      () => saveTensors([['bias', arange(3)]]),
      { strict: false },
      'loadInto: bias must be float32 [3], got int32 [3]',
    ],
    [
      'where a number does not fit',
      () =>
        writeSafetensors([
          ['weight', { dtype: 'F32', shape: [300, 1000], data: new Float32Array(300_000) }],
          ['count', { dtype: 'I64', shape: [2], data: BigInt64Array.of(1n, 2n ** 40n) }],
        ]),
      { strict: false },
      'safetensors: "count" must fit int32, got 1099511627776',
    ],
    ['where a byte changed', () => spoiled(file()), {}, 'must have its checksum'],
    [
      'where a stream ends too soon',
      () => streamOf(half().cut(file())),
      {},
      'safetensors: stream must not end before the file does, got an end at byte',
    ],
    [
      'where a stream goes on',
      () => streamOf(Uint8Array.from([...file(), 0])),
      {},
      'safetensors: stream must end with the last tensor, got more after byte',
    ],
    ['where bytes are cut', () => half().cut(file()), {}, 'must lie inside'],
    ['where a stream breaks', () => new ReadableStream({ pull: (c) => c.error(new Error('line down')) }), {}, 'line down'],
    [
      'where the answer is an error',
      () => new Response('none', { status: 404 }),
      {},
      'loadInto: response must be ok and have a body, got status 404',
    ],
    ['where there is no file', () => join(tmpdir(), 'no', 'such.safetensors'), {}, 'ENOENT'],
    [
      'where the source is none',
      () => 3 as unknown as FileSource,
      {},
      'loadInto: source must be a path, bytes, a Blob, a Response or a stream, got 3',
    ],
    ['where an option is unknown', () => file(), { strickt: true }, 'loadInto: options must be among map, strict, staged, only'],
    [
      'where the table has no entry',
      () => file(),
      { map: new StateMap([{ from: 'bias', to: 'bias' }]) },
      'StateMap: each name must match an entry, got flags, count, weight',
    ],
  ])('%s', async (_, source, options, message) => {
    const model = filled();
    model.bias.view().set([7, 7, 7]);
    const before = values(model);
    const from = source();
    const { blocks } = memoryReport();
    await expect((async () => loadInto(model, from, options))()).rejects.toThrow(message);
    expect(memoryReport().blocks).toBeLessThanOrEqual(blocks);
    expect(values(model)).toEqual(before);
  });
});
