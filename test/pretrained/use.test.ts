import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { loadUniversalSentenceEncoder, universalSentenceTokenizer } from '../../src/pretrained/index.ts';

const [P, Q] = ['module_apply_default/Encoder_en/KonaTransformer/Encode/', 'module/Encoder_en/KonaTransformer/Encode/'];
const JOINED = 'ConcatPartitions/concat';
const [C, E, D, F] = [9, 8, 12, 10];

/** What the published graph's tensors are of a layer, as they lie there, with the path of the module; `turned` are `[in, out]`. */
const layerOf = (i: number, width: number): [name: string, shape: number[], path: string, turned?: true][] => [
  [`${P}TransformerStack/Layer_${i}/TransformerLayer/FFN/conv2/Tensordot/Reshape_1`, [F, D], `layers.${i}.linear2.weight`, true],
  [`${P}TransformerStack/Layer_${i}/TransformerLayer/FFN/conv1/Tensordot/Reshape_1`, [D, F], `layers.${i}.linear1.weight`, true],
  [`${P}Layer_${i}/TransformerLayer/FFN/layer_prepostprocess/layer_norm/layer_norm_scale/${JOINED}`, [D], `layers.${i}.norm2.weight`],
  [`${P}Layer_${i}/TransformerLayer/FFN/layer_prepostprocess/layer_norm/layer_norm_bias/${JOINED}`, [D], `layers.${i}.norm2.bias`],
  [`${P}Layer_${i}/TransformerLayer/FFN/conv1/bias/${JOINED}`, [F], `layers.${i}.linear1.bias`],
  [`${P}Layer_${i}/TransformerLayer/FFN/conv2/bias/${JOINED}`, [D], `layers.${i}.linear2.bias`],
  [`${P}Layer_${i}/TransformerLayer/layer_prepostprocess/layer_norm/layer_norm_scale/${JOINED}`, [width], `layers.${i}.norm1.weight`],
  [`${P}Layer_${i}/TransformerLayer/layer_prepostprocess/layer_norm/layer_norm_bias/${JOINED}`, [width], `layers.${i}.norm1.bias`],
  [
    `${Q}Layer_${i}/TransformerLayer/MultiheadAttention/qkv_transform_single/kernel/part_0`,
    [1, 1, width, 3 * width],
    `layers.${i}.self_attn.in_proj_weight`,
    true,
  ],
  [
    `${P}Layer_${i}/TransformerLayer/MultiheadAttention/qkv_transform_single/bias/${JOINED}`,
    [3 * width],
    `layers.${i}.self_attn.in_proj_bias`,
  ],
  [
    `${Q}Layer_${i}/TransformerLayer/MultiheadAttention/output_transform_single/kernel/part_0`,
    [1, 1, width, D],
    `layers.${i}.self_attn.out_proj.weight`,
    true,
  ],
  [`${P}Layer_${i}/TransformerLayer/MultiheadAttention/output_transform_single/bias/${JOINED}`, [D], `layers.${i}.self_attn.out_proj.bias`],
];

const all: ReturnType<typeof layerOf> = [
  ...layerOf(1, D),
  ...layerOf(0, E),
  ['module/Embeddings_en', [C, E], 'symbols.weight'],
  [`${P}TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`, [1, E / 2], ''],
  [`${P}Layer_0/TransformerLayer/dense/kernel/${JOINED}`, [E, D], 'layers.0.skip.weight', true],
  [`${P}Layer_0/TransformerLayer/dense/bias/${JOINED}`, [D], 'layers.0.skip.bias'],
  ['module/Encoder_en/hidden_layers/tanh_layer_0/weights', [D, D], 'output.weight', true],
  ['module/Encoder_en/hidden_layers/tanh_layer_0/bias', [D], 'output.bias'],
];

/** A graph model of these tensors: each has values of its own; a constant of whole numbers stands between, and shards end anywhere. */
function graph() {
  const values = all.map(([, shape], i) => Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, j) => i + j / 1024));
  const weights = all.flatMap(([name, shape], i) => [
    ...(i === 3 ? [{ name: 'a constant', dtype: 'int32', shape: [3] }] : []),
    { name, dtype: 'float32', shape },
  ]);
  const pieces = values.flatMap((own, i) => [...(i === 3 ? [Int32Array.of(1, 2, 3)] : []), own]);
  const bytes = Buffer.concat(pieces.map(({ buffer, byteLength }) => Buffer.from(buffer, 0, byteLength)));
  const paths = ['group1-shard1of3', 'group1-shard2of3', 'group1-shard3of3'];
  const cuts = [0, 1001, 4003, bytes.length];
  const shards = paths.map((path, i) => [path, new Uint8Array(bytes.subarray(cuts[i], cuts[i + 1]))] as const);
  const json = new TextEncoder().encode(JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths, weights }] }));
  return { files: new Map<string, Uint8Array<ArrayBuffer>>([['model.json', json], ...shards]), values };
}

describe('loadUniversalSentenceEncoder', () => {
  const { files, values } = graph();
  const open = (name: string) => files.get(name) as Uint8Array<ArrayBuffer>;
  const state = async (from: Parameters<typeof loadUniversalSentenceEncoder>[0]) =>
    Array.from((await loadUniversalSentenceEncoder(from)).stateDict(), ([path, x]) => [path, Array.from(x.toArray())] as const);

  it('puts every tensor of the graph in its place, matrices turned', async () => {
    const wanted = all.flatMap(([, shape, path, turned], i) => {
      const own = Array.from(values[i] as Float32Array);
      const [height, width] = shape.slice(-2) as [number, number];
      return path ? [[path, turned ? own.map((_, k) => own[(k % height) * width + Math.floor(k / height)] as number) : own] as const] : [];
    });
    const sorted = (entries: (readonly [string, number[]])[]) => entries.sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(await state(open))).toEqual(sorted(wanted));
  });

  it('reads them from wherever they are: a folder, a Blob, a Response, a stream', async () => {
    const same = await state(open);
    const folder = mkdtempSync(join(tmpdir(), 'saccade-use-'));
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
    expect(await state(folder)).toEqual(same);
    expect(await state(pathToFileURL(`${folder}/`))).toEqual(same);
    rmSync(folder, { recursive: true });
    expect(await state(async (name) => new Blob([open(name)]))).toEqual(same);
    expect(await state((name) => new Response(open(name)))).toEqual(same);
    expect(await state((name) => new Blob([open(name)]).stream())).toEqual(same);
  });

  it('says what is wrong with files', async () => {
    const load = (changed: (name: string) => Parameters<typeof loadUniversalSentenceEncoder>[0] | unknown) =>
      loadUniversalSentenceEncoder(((name: string) => changed(name) ?? open(name)) as (name: string) => Uint8Array);
    const last = 'group1-shard3of3';
    const all = [...files].reduce((sum, [name, { length }]) => sum + (name === 'model.json' ? 0 : length), 0);
    const at = 'loadUniversalSentenceEncoder:';
    await expect(load((name) => (name === last ? open(name).subarray(4) : undefined))).rejects.toThrow(
      `${at} shards must hold ${all} bytes, got ${all - 4}`,
    );
    await expect(load((name) => (name === last ? new Uint8Array(9e4) : undefined))).rejects.toThrow(
      `${at} shards must hold ${all} bytes, got more with ${last}`,
    );
    await expect(load((name) => (name === last ? new Response('', { status: 404 }) : undefined))).rejects.toThrow(
      `${at} response must be ok, got status 404`,
    );
    await expect(load((name) => (name === last ? 3 : undefined))).rejects.toThrow(
      `${at} ${last} must be a path, bytes, a Blob, a Response or a stream, got 3`,
    );
    const json = (change: (text: string) => string) => (name: string) =>
      name === 'model.json' ? new TextEncoder().encode(change(new TextDecoder().decode(open(name)))) : undefined;
    await expect(load(json(() => '{}'))).rejects.toThrow(
      `${at} model.json must have a weightsManifest of paths and weights, got undefined`,
    );
    await expect(load(json(() => 'x'))).rejects.toThrow(`${at} config must be JSON, got 'x'`);
    await expect(load(json((text) => text.replace('Embeddings_en', 'Embeddings_de')))).rejects.toThrow(
      `${at} weights must hold module/Embeddings_en of two axes, got none among`,
    );
    await expect(load(json((text) => text.replace('"float32"', '"float16"')))).rejects.toThrow(
      `${at} weights must be float32 or int32 as they are, got float16 at`,
    );
    await expect(load(json((text) => text.replace('/dense/bias', '/dense/other')))).rejects.toThrow('missing [layers.0.skip.bias]');
  });
});

describe('universalSentenceTokenizer', () => {
  const pieces: [string, number | null][] = [
    ...[['�', 0], ['<s>', 0], ['</s>', 0], ['extra_token_id_1', 0], ['extra_token_id_2', 0], ['extra_token_id_3', 0]] as [string, number][],
    ...[['▁a', -2], ['b', -3], ['▁', -4], ['<', -4], ['s', -3], ['>', -4], [':', null], ['▁ab', -5.5]] as [string, number | null][],
  ]; // biome-ignore format: lists

  it('is read by the other program: the likeliest pieces, unknowns as one 0, what is reserved as plain text', () => {
    const tokenizer = new Tokenizer(universalSentenceTokenizer(pieces) as never, {} as never);
    const ids = (text: string) => tokenizer.encode(text).ids;
    expect(ids('ab')).toEqual([6, 7]); // -5 is more than -5.5
    expect(ids('ab: b')).toEqual([6, 7, 12, 8, 7]);
    expect(ids('a 日本')).toEqual([6, 8, 0]);
    expect(ids('<s>')).toEqual([8, 9, 10, 11]);
    expect(ids('ａ')).toEqual([6]); // NFKC
  });

  it('says what is wrong with pieces', () => {
    expect(() => universalSentenceTokenizer([['a', 1]])).toThrow(
      'universalSentenceTokenizer: pieces must be a list of pairs of text and score',
    );
    expect(() => universalSentenceTokenizer({} as never)).toThrow('got an object');
  });
});
