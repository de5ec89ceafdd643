// Where a model's files are: beside each other on the disk, or behind an address.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { loadLayersModel } from '../../src/layers/index.ts';
import { tensor } from '../../src/tensor/create.ts';

const config = { name: 'out', units: 1, activation: 'linear', batch_input_shape: [null, 2] };
const model = JSON.stringify({
  modelTopology: { class_name: 'Sequential', config: [{ class_name: 'Dense', config }] },
  weightsManifest: [
    {
      paths: ['a.bin', 'b.bin'],
      weights: [
        { name: 'out/kernel', shape: [2, 1], dtype: 'float32' },
        { name: 'out/bias', shape: [1], dtype: 'float32' },
      ],
    },
  ],
});
const files = {
  'model.json': model,
  'a.bin': new Uint8Array(Float32Array.of(1, 10).buffer),
  'b.bin': new Uint8Array(Float32Array.of(0.5).buffer),
};

afterEach(() => {
  vi.unstubAllGlobals();
});

it('reads a path and a file: URL', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'layers '));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const path = join(folder, 'model.json');
    for (const from of [path, pathToFileURL(path), String(pathToFileURL(path))])
      expect((await loadLayersModel(from)).forward(tensor([[2, 3]])).toNested()).toEqual([[32.5]]);
    await expect(loadLayersModel(join(folder, 'other.json'))).rejects.toThrow('ENOENT');
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each(['https://example.org/models/model.json', 'model.json'])(
  'asks fetch for %s in a page, and for what lies beside it',
  async (address) => {
    const base = 'https://example.org/models/';
    vi.stubGlobal('location', new URL(base));
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (from: string | URL) => {
      const url = new URL(from, base);
      asked.push(url.href);
      const content = files[url.pathname.split('/').at(-1) as keyof typeof files];
      return Object.defineProperty(new Response(content, { status: content ? 200 : 404 }), 'url', { value: url.href });
    });
    expect((await loadLayersModel(address)).forward(tensor([[2, 3]])).toNested()).toEqual([[32.5]]);
    expect(asked).toEqual(['model.json', 'a.bin', 'b.bin'].map((name) => base + name));
    await expect(loadLayersModel('https://example.org/none.json')).rejects.toThrow('got status 404');
  },
);
