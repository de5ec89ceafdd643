import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { loadFile, saveFile } from '../../src/io/file.ts';
import { saveTensors } from '../../src/io/tensors.ts';
import { tensor } from '../../src/tensor/create.ts';

let [root, folder] = ['', ''];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'saccade-'));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'test-'));
});

it('writes the bytes of saveTensors, reads them back, and leaves nothing else behind', async () => {
  const path = join(folder, 'a.safetensors');
  const tensors = new Map([
    ['w', tensor([[1, 2, 3]])],
    ['mask', tensor([true])],
  ]);
  await saveFile(path, new Map([['w', tensor([0])]]));
  await saveFile(path, tensors, { metadata: { words: 'a b' } });
  expect(new Uint8Array(await readFile(path))).toEqual(saveTensors(tensors, { metadata: { words: 'a b' } }));
  const loaded = await loadFile(path);
  expect(loaded.metadata.words).toBe('a b');
  expect(loaded.tensors.get('w')?.toArray()).toEqual(Float32Array.of(1, 2, 3));
  expect(loaded.tensors.get('mask')?.dtype).toBe('bool');
  expect(await readdir(folder)).toEqual(['a.safetensors']);
});

it('lets the last of many savers at once win, whole', async () => {
  const path = join(folder, 'race.safetensors');
  await Promise.all(Array.from({ length: 8 }, (_, i) => saveFile(path, [['x', tensor(new Float32Array(1000).fill(i))]])));
  const x = (await loadFile(path)).tensors.get('x')?.toArray() ?? [];
  expect(new Set(x).size).toBe(1);
});

it('keeps the old file when a save fails, and says why a file cannot be read', async () => {
  const path = join(folder, 'kept.safetensors');
  await saveFile(path, [['x', tensor([7])]]);
  await expect(
    saveFile(path, [
      ['x', tensor([1])],
      ['x', tensor([2])],
    ]),
  ).rejects.toThrow('safetensors: names must be given once');
  expect((await loadFile(path)).tensors.get('x')?.item()).toBe(7);
  await writeFile(path, (await readFile(path)).subarray(0, -1));
  await expect(loadFile(path)).rejects.toThrow('safetensors: "x" must lie inside the 3 bytes of data, got [0, 4]');
  await writeFile(path, 'short');
  await expect(loadFile(path)).rejects.toThrow('safetensors: file must hold at least 8 bytes, got 5');
  await expect(saveFile(join(folder, 'none', 'x'), [])).rejects.toThrow('ENOENT');
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
