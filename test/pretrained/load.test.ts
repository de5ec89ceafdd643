// What every family has in common: where files come from, of how many they are, in what types, and what is said of those that are wrong.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileTensor, readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { LanguageModel } from '../../src/models/index.ts';
import { gpt2, llama, loadPretrained, type Pretrained, type PretrainedFiles } from '../../src/pretrained/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { fileOf, ids, partsOf, renamed, resultsOf } from './fixture.ts';

const NAME = 'stories260k_hf_llama';
const config = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 172, num_hidden_layers: 5, vocab_size: 512, hidden_act: 'silu' },
  ...{ num_attention_heads: 8, num_key_value_heads: 4, max_position_embeddings: 512, rms_norm_eps: 1e-5, rope_theta: 10000 },
};
const parts = partsOf(NAME);
const file = fileOf(parts);
const tokens = ids(resultsOf(NAME).get('input_ids') as FileTensor);

const load = (files: PretrainedFiles, options: object = {}) => loadPretrained<LanguageModel>(files, { config, ...options });
const logits = ({ model }: Pretrained<LanguageModel>) => Buffer.from(model.forward(tokens).logits.toArray().buffer).toString('base64');
let expected = '';
let folder = '';

const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
const isFirst = (_: unknown, i: number) => i % 2 === 0; // queries, keys and values of one layer are in two files
const shards = new Map([
  [first, fileOf(new Map([...parts].filter(isFirst)))],
  [second, fileOf(new Map([...parts].filter((entry, i) => !isFirst(entry, i))))],
]);
const index = {
  metadata: { total_size: 1_044_000 },
  weight_map: Object.fromEntries(
    [...shards].flatMap(([name, bytes]) => [...readSafetensors(bytes).tensors.keys()].map((tensor) => [tensor, name])),
  ),
};
const INDEX = 'model.safetensors.index.json';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saccade-'));
  expected = logits(await load(file));
  for (const [name, bytes] of shards) await writeFile(join(folder, name), bytes);
  await writeFile(join(folder, INDEX), JSON.stringify(index));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'alone.safetensors'), file);
});
afterAll(() => rm(folder, { recursive: true }));

const of = (...names: string[]) => names.map((name) => new File([shards.get(name as typeof first) as Uint8Array<ArrayBuffer>], name));
const json = (name: string, value: unknown) => new File([JSON.stringify(value)], name);

describe('loadPretrained', () => {
  it.each<[string, () => PretrainedFiles, object?]>([
    ['bytes', () => file],
    ['an ArrayBuffer', () => file.buffer],
    ['a Blob', () => new Blob([file])],
    ['a Response', () => new Response(file)],
    ['a path', () => join(folder, 'alone.safetensors')],
    ['a URL', () => pathToFileURL(join(folder, 'alone.safetensors'))],
    ['a folder', () => folder, { config: undefined }],
    ['the path of an index', () => join(folder, INDEX), { config: undefined }],
    ['shards without an index', () => [...shards.values()]],
    ['files of a user', () => [...of(second, first), json(INDEX, index), json('config.json', config)], { config: undefined }],
    ['responses by name', () => ({ [INDEX]: index, [first]: new Response(shards.get(first)), [second]: new Response(shards.get(second)) })],
    ['paths by name', () => ({ [INDEX]: JSON.stringify(index), [first]: join(folder, first), [second]: join(folder, second) })],
    ['bytes, the config as text', () => file, { config: JSON.stringify(config) }],
  ])('takes %s', async (_, files, options) => {
    expect(logits(await load(files(), options))).toBe(expected);
  });

  it('says how much has come', async () => {
    const seen: [number, number][] = [];
    await load([...shards.values()], { progress: (...now: [number, number]) => seen.push(now) });
    const total = [...parts.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(seen.at(-1)).toEqual([total, total]);
    expect(seen.every(([now], i) => now > (seen[i - 1]?.[0] ?? 0))).toBe(true);
  });

  it('reads BF16 and F16, and writes the same bytes back', async () => {
    for (const dtype of ['BF16', 'F16'] as const) {
      const halves = new Map(Array.from(parts, ([name, x]) => [name, { ...x, dtype }]));
      const bytes = writeSafetensors(halves, { checksum: false, metadata: { format: 'pt' } });
      const loaded = await load(bytes);
      const exact = fileOf(new Map(Array.from(readSafetensors(bytes).tensors, ([name, x]) => [name, { ...x, dtype: 'F32' as const }])));
      expect(logits(loaded)).toBe(logits(await load(exact)));
      expect(Buffer.compare(loaded.toFiles().get('model.safetensors') as Uint8Array, bytes)).toBe(0);
      expect(loaded.metadata).toEqual({ format: 'pt' });
    }
  });

  it('saves shards as they were, with index and config', async () => {
    const loaded = await load(folder, { config: undefined });
    const files = loaded.toFiles();
    expect([...files.keys()].sort()).toEqual(['config.json', first, second, INDEX].sort());
    for (const [name, bytes] of shards) expect(Buffer.compare(files.get(name) as Uint8Array, bytes)).toBe(0);
    const to = await mkdtemp(join(folder, 'again-'));
    await loaded.save(to);
    expect(logits(await load(to, { config: undefined }))).toBe(expected);
    expect([...loaded.stateDict().keys()].sort()).toEqual([...parts.keys()].sort());
  });

  it('takes no memory beside the model', async () => {
    const { model } = await load(file);
    const before = memoryReport();
    const size = [...model.stateDict().values()].reduce((sum, x) => sum + 4 * x.size, 0);
    const live: number[] = [];
    const again = await load(new Response(file), { progress: () => live.push(memoryReport().bytes - before.bytes) });
    expect(Math.max(...live)).toBeGreaterThan(0.9 * size);
    expect(Math.max(...live)).toBeLessThan(1.5 * size); // blocks come in classes
    expect(again.model).not.toBe(model);
  });

  it('says by name what is wrong with files', async () => {
    const without = (name: string) => fileOf(renamed(parts, (one) => (one === name ? undefined : one)));
    const also = (name: string, like: string) => fileOf(new Map([...parts, [name, parts.get(like) as FileTensor]]));
    const GATE = 'model.layers.3.mlp.gate_proj.weight';
    await expect(load(without(GATE))).rejects.toThrow(`llama: files must hold [${GATE}], got none among 46 names`);
    await expect(load(also('model.layers.0.extra.weight', GATE))).rejects.toThrow(
      'StateMap: each name must match an entry, got model.layers.0.extra.weight',
    );
    await expect(load(without('model.embed_tokens.weight'))).rejects.toThrow('llama: files must hold one embed_tokens.weight, got none');
    await expect(load(file, { config: { ...config, vocab_size: 511 } })).rejects.toThrow(
      'llama: vocab_size of the config must be that of the files, 512, got 511',
    );
    await expect(load(file, { config: { ...config, model_type: 'falcon' } })).rejects.toThrow("loadPretrained: model_type of the config must be one of gpt2, qwen2, llama, mistral, bert"); // biome-ignore format: one line
    await expect(load(file, { config: { ...config, rms_norm_eps: undefined } })).rejects.toThrow(
      'llama: config must say rms_norm_eps or norm_eps or layer_norm_epsilon, got none',
    );
    await expect(load(file, { config: undefined })).rejects.toThrow('loadPretrained: config must be given, or config.json among the files');
    await expect(load(file, { config: '{' })).rejects.toThrow("loadPretrained: a JSON file must be JSON, got '{'");
    await expect(load([])).rejects.toThrow('loadPretrained: files must hold a safetensors file');
    await expect(load(3 as never)).rejects.toThrow('loadPretrained: files must be a file, a list of files or files by name, got 3');
    await expect(load({ [INDEX]: index, [first]: shards.get(first) as Uint8Array<ArrayBuffer> })).rejects.toThrow(
      `loadPretrained: files must hold ${second}, which the index names`,
    );
    const moved = { ...index, weight_map: { ...index.weight_map, [GATE]: first, 'model.norm.weight': second } };
    await expect(load({ [INDEX]: moved, ...Object.fromEntries(shards) })).rejects.toThrow('as the index says');
    await expect(load([file, shards.get(first) as Uint8Array<ArrayBuffer>])).rejects.toThrow(
      'safetensors: files must hold each tensor once',
    );
    await expect(load(file.slice(0, -1))).rejects.toThrow('safetensors: ');
    await expect(load(file, { familly: llama })).rejects.toThrow('loadPretrained: options must be among');
  });

  it('finds the family by names where the config has no model_type, or takes the one that is given', async () => {
    const { model_type: _, ...rest } = config;
    expect((await load(file, { config: rest })).family).toBe('llama');
    expect((await load(file, { config: { ...config, model_type: 'smollm' }, family: llama })).family).toBe('llama');
    await expect(load(file, { family: gpt2 })).rejects.toThrow('gpt2: files must hold one wte.weight, got none');
    expect((await load(file)).model).toBeInstanceOf(LanguageModel);
  });
});
