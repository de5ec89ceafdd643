// A folder of several files whose k-th system call fails: saving leaves all old files or all new ones, or says that it did not; loading leaves
// no memory behind.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LanguageModel } from '../../src/models/index.ts';
import { loadPretrained } from '../../src/pretrained/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { disk, restart, watchDisk } from '../io/disk.mjs';
import { fileOf, partsOf } from './fixture.ts';

const config = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 172, num_hidden_layers: 5, vocab_size: 512, hidden_act: 'silu' },
  ...{ num_attention_heads: 8, num_key_value_heads: 4, max_position_embeddings: 512, rms_norm_eps: 1e-5, rope_theta: 10000 },
};
const parts = [...partsOf('stories260k_hf_llama')];
const shards = [0, 1].map((which) => ({
  name: `model-0000${which + 1}-of-00002.safetensors`,
  part: new Map(parts.filter((_, i) => i % 2 === which)),
}));
const index = { weight_map: Object.fromEntries(shards.flatMap(({ name, part }) => [...part.keys()].map((tensor) => [tensor, name]))) };

let folder = '';
let unwatch = () => {};

const contents = async () =>
  Object.fromEntries(
    await Promise.all((await readdir(folder)).sort().map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')])),
  );
const write = async () => {
  for (const { name, part } of shards) await writeFile(join(folder, name), fileOf(part));
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saccade-'));
  unwatch = watchDisk();
});
beforeEach(async () => {
  restart();
  await write();
});
afterAll(async () => {
  unwatch();
  await rm(folder, { recursive: true });
});

it('leaves a folder of one model, or says that it has files of two, whichever system call of a save fails', async () => {
  const loaded = await loadPretrained<LanguageModel>(folder);
  const old = await contents();
  for (const x of loaded.model.stateDict().values()) x.view()[0] = 5;
  restart();
  await loaded.save(folder);
  const calls = [...disk.calls];
  const made = await contents();
  expect(Object.keys(made)).toEqual(Object.keys(old));
  expect(Object.keys(made).filter((name) => made[name] === old[name])).toEqual([]);
  const renames = calls.flatMap((name, k) => (name === 'rename' ? [k] : []));
  expect(renames).toHaveLength(4);
  for (const k of calls.keys()) {
    const near = renames.some((one) => Math.abs(k - one) <= 1);
    if (k > 9 && !near && k % 7 > 0) continue; // each flush to the disk takes its time
    await write();
    restart(k);
    const error: unknown = await loaded.save(folder).catch((reason: unknown) => reason);
    restart();
    const now = await contents();
    const where = `${k}: ${calls[k]}`;
    if (error === undefined) expect(now, where).toEqual(made);
    else {
      const mixed = k > (renames[0] as number);
      expect((error as Error).message, where).toContain(mixed ? 'save again' : 'EIO');
      if (!mixed) expect(now, where).toEqual(old);
    }
    expect(Object.keys(now), where).toEqual(Object.keys(old)); // no temporary file
  }
});

it('frees what was read, whichever system call of a load fails', async () => {
  const load = () => loadPretrained<LanguageModel>(folder);
  await load();
  restart();
  await load();
  const calls = [...disk.calls];
  for (let k = 0; k < calls.length; k += k < 12 ? 1 : 5) {
    if (calls[k] === 'close') continue; // what was read is read
    const { bytes } = memoryReport();
    restart(k);
    await expect(load(), `${k}: ${calls[k]}`).rejects.toThrow('EIO');
    expect(memoryReport().bytes - bytes, `${k}: ${calls[k]}`).toBeLessThan(200_000); // of a model of a megabyte, tables that are no parameters
    const opened = disk.calls.slice(0, k).filter((name) => name === 'open').length; // a second close does nothing
    expect(disk.calls.filter((name) => name === 'close').length, `${k}: ${calls[k]}`).toBeGreaterThanOrEqual(opened);
  }
});

it('takes no other file for an index that cannot be read', async () => {
  const other = join(folder, 'model.safetensors');
  await writeFile(other, fileOf(new Map(parts)));
  restart(0);
  await expect(loadPretrained<LanguageModel>(folder)).rejects.toThrow('EIO');
  restart();
  await rm(other);
});
