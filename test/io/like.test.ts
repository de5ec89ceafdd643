// Files that are written as they were, and in other types.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFile } from '../../src/io/file.ts';
import { saveFileLike, saveTensorsLike } from '../../src/io/like.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { withTypes } from '../../src/io/types.ts';
import { StateMap } from '../../src/nn/index.ts';
import { arange, full, tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saccade-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** One with checksums, whose data lie in another order than their names. */
const file = () =>
  saveTensors(
    [
      ['flags', full([3], 1, 'bool')],
      ['bias', tensor([1, -2, 3])],
      ['count', arange(2)],
    ],
    { metadata: { made: 'here' } },
  );

describe('a file that another program wrote', () => {
  const official = () => {
    // As the format's own library writes: types in falling size, then names; no checksum.
    const bits = (seed: number, n: number) => Float32Array.from({ length: n }, (_, i) => Math.fround(((i * 37 + seed) % 97) / 31 - 1));
    const layers = [0, 1].flatMap((i) => [
      [
        `h.${i}.attn.bias`,
        { dtype: 'U8', shape: [1, 1, 4, 4], data: Uint8Array.from({ length: 16 }, (_, j) => Number(j % 4 <= j / 4)) },
      ] as const,
      [`h.${i}.attn.c_attn.bias`, { dtype: 'F32', shape: [24], data: bits(i, 24) }] as const,
      [`h.${i}.attn.c_attn.weight`, { dtype: 'F32', shape: [8, 24], data: bits(i + 1, 192) }] as const,
      [`h.${i}.ln_1.weight`, { dtype: 'BF16', shape: [8], data: Float32Array.of(1, 0.5, -2, 3, 0.75, 1.5, -0.125, 8) }] as const,
    ]);
    const wte = bits(5, 40);
    const entries = [
      ...layers,
      ['ids', { dtype: 'I64', shape: [3], data: BigInt64Array.of(0n, 1n, 2n) }] as const,
      ['lm_head.weight', { dtype: 'F32', shape: [5, 8], data: wte }] as const,
      ['wte.weight', { dtype: 'F32', shape: [5, 8], data: wte }] as const,
    ];
    const size = { I64: 8, F32: 4, BF16: 2, U8: 1 } as Record<string, number>;
    entries.sort(([a, x], [b, y]) => (size[y.dtype] as number) - (size[x.dtype] as number) || (a < b ? -1 : 1));
    return writeSafetensors(entries, { metadata: { format: 'pt' }, checksum: false });
  };

  const gpt2 = new StateMap([
    { from: 'h.*.attn.c_attn.weight', to: ['layers.*.q.weight', 'layers.*.k.weight', 'layers.*.v.weight'], transpose: true },
    { from: 'h.*.attn.c_attn.bias', to: ['layers.*.q.bias', 'layers.*.k.bias', 'layers.*.v.bias'] },
    { from: 'h.*.ln_1.weight', to: 'layers.*.norm.weight' },
    { from: 'h.*.attn.bias', ignore: true },
    { from: 'lm_head.weight', tie: 'wte.weight' },
    { from: 'wte.weight', to: 'embedding.weight' },
    { from: 'ids', to: 'ids' },
  ]);

  it('goes through a module and comes back byte for byte', async () => {
    const path = join(folder, 'official.safetensors');
    await writeFile(path, official());
    const content = await loadFile(path);
    const loaded = gpt2.load(content.tensors);
    expect([...loaded.keys()].filter((name) => name.startsWith('layers.1'))).toEqual(
      ['layers.1.q.bias', 'layers.1.k.bias', 'layers.1.v.bias', 'layers.1.q.weight', 'layers.1.k.weight', 'layers.1.v.weight', 'layers.1.norm.weight'], // biome-ignore format: a list
    );
    const again = join(folder, 'again.safetensors');
    const saved = gpt2.save(loaded, content.tensors);
    await saveFileLike(again, saved, content);
    expect(await readFile(again)).toEqual(await readFile(path));
    expect(saveTensorsLike(loaded.set('ids', content.tensors.get('ids') as Tensor) && saved, loadTensors(official()))).toEqual(official());
  });

  it('comes back byte for byte whatever the order of its data and its blanks are', () => {
    const header =
      '{ "b":{"shape":[2],"dtype":"U8","data_offsets":[4,6]}, "__metadata__":{"k":"\\u00e9"},\n"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]} }   ';
    const text = new TextEncoder().encode(header);
    const bytes = Uint8Array.from([...new Uint8Array(BigUint64Array.of(BigInt(text.length)).buffer), ...text, 0, 0, 128, 63, 7, 255]);
    const file = loadTensors(bytes);
    expect([...saveTensorsLike(new Map([...file].reverse()), file)]).toEqual([...bytes]);
  });

  it('gets new checksums where it has some', () => {
    const bytes = file();
    const content = loadTensors(bytes);
    expect(Buffer.compare(saveTensorsLike(content, content), bytes)).toBe(0);
    content.get('bias')?.view().fill(9);
    const changed = loadTensors(saveTensorsLike(content, content));
    expect([...(changed.get('bias')?.toArray() ?? [])]).toEqual([9, 9, 9]);
    expect({ ...changed.metadata }).toEqual({ made: 'here' });
  });

  it.each<[string, (dict: Map<string, Tensor>) => unknown, string]>([
    [
      'other names',
      (dict) => dict.delete('bias') && dict.set('strange', zeros([1])),
      "safetensors: names must be the file's, got unknown [strange] and missing [bias]",
    ],
    ['another shape', (dict) => dict.set('bias', zeros([4])), 'safetensors: "bias" must be [3], as in the file, got [4]'],
    ['another type', (dict) => dict.set('bias', arange(3)), '"bias" must be float32 to be written as F32, got int32'],
  ])('is not written with %s', (_, spoil, message) => {
    const content = loadTensors(file());
    const dict = new Map(content);
    spoil(dict);
    expect(() => saveTensorsLike(dict, content)).toThrow(message);
    expect(() => saveTensorsLike(dict, {} as { header: string })).toThrow(
      'safetensors: file must be one that was read, with its header, got undefined',
    );
  });
});

describe('withTypes', () => {
  it.each<[string, () => unknown, string]>([
    [
      'a whole number beyond its type',
      () => withTypes([['a', tensor(Int32Array.of(300))]], new Map([['a', 'U8']])),
      '"a" must fit U8, got 300',
    ],
    ['one below 0', () => withTypes([['a', tensor(Int32Array.of(-1))]], new Map([['a', 'U64']])), '"a" must fit U64, got -1'],
    [
      'floats as whole numbers',
      () => withTypes([['a', zeros([1])]], new Map([['a', 'I32']])),
      '"a" must be int32 to be written as I32, got float32',
    ],
    ['an unknown type', () => withTypes([['a', zeros([1])]], new Map([['a', 'F8_E4M3']])), '"a" must have a dtype of'],
    ['what is no tensor', () => withTypes([['a', 3 as unknown as Tensor]], 'F16'), '"a" must be a tensor, got number'],
  ])('refuses %s', (_, run, message) => {
    expect(run).toThrow(message);
  });

  it('writes what the map does not name in its own type', () => {
    const bytes = saveTensors(withTypes([['a', zeros([1])], ['b', tensor(Int32Array.of(-128))]], new Map([['b', 'I8']]))); // biome-ignore format: a list
    expect(Array.from(readSafetensors(bytes).tensors.values(), ({ dtype }) => dtype)).toEqual(['F32', 'I8']);
    expect(loadTensors(bytes).get('b')?.item()).toBe(-128);
  });
});
