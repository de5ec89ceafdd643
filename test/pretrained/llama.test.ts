import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FileTensor } from '../../src/io/safetensors.ts';
import type { LanguageModel } from '../../src/models/transformer/language-model.ts';
import { loadPretrained } from '../../src/pretrained/index.ts';
import { apart, bytesOf, fileOf, ids, isTest, partsOf, renamed, resultsOf } from './fixture.ts';

const NAME = 'stories260k_hf_llama';
const config = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 172, num_hidden_layers: 5, vocab_size: 512, hidden_act: 'silu' },
  ...{ num_attention_heads: 8, num_key_value_heads: 4, max_position_embeddings: 512, rms_norm_eps: 1e-5, rope_theta: 10000 },
};
const results = resultsOf(NAME);
const greedy = Array.from(results.get('greedy_ids')?.data as BigInt64Array, Number);

const load = async (file: Uint8Array<ArrayBuffer>, said: object = config) =>
  (await loadPretrained<LanguageModel>(file, { config: said as typeof config, skip: isTest })).model;
const logitsOf = (model: LanguageModel) => model.forward(ids(results.get('input_ids') as FileTensor)).logits.toArray();

describe('llama', () => {
  it("computes float64's logits", async () => {
    expect(apart(logitsOf(await load(bytesOf(NAME))), results.get('logits')?.data as Float32Array)).toBeLessThan(1e-4);
  });

  it('tells exactly the story that is known', async () => {
    const model = await load(bytesOf(NAME));
    const written: number[] = [1];
    for await (const token of model.generate([1], { maxLength: 255 })) written.push(token);
    expect(greedy.length).toBe(256);
    expect(written).toEqual(greedy[0] === 1 ? greedy : [1, ...greedy.slice(0, 255)]);
    const { vocab } = JSON.parse(readFileSync(new URL('../fixtures/pretrained/stories260k_tok512.json', import.meta.url), 'utf8')) as { vocab: [string, number][] }; // biome-ignore format: one line
    const text = written.slice(1).map((id) => vocab[id]?.[0]).join(''); // biome-ignore format: one line
    expect(text).toContain('Once upon a time, there was a little girl named Lily.');
  });
});

/** Rows of queries or keys in pairs, where they are in halves: what Meta's own files have. */
function paired({ dtype, shape, data }: FileTensor, heads: number): FileTensor {
  const [rows = 0, columns = 1] = shape;
  const depth = rows / heads;
  const values = data as Float32Array;
  const from = (row: number) => row - (row % depth) + (row % 2) * (depth / 2) + Math.floor((row % depth) / 2);
  return {
    dtype,
    shape,
    data: Float32Array.from(values, (_, i) => values[from(Math.floor(i / columns)) * columns + (i % columns)] as number),
  };
}

const META: readonly (readonly [string, string])[] = [
  ['model.', ''],
  ['embed_tokens', 'tok_embeddings'],
  ['lm_head', 'output'],
  ['self_attn.q_proj', 'attention.wq'],
  ['self_attn.k_proj', 'attention.wk'],
  ['self_attn.v_proj', 'attention.wv'],
  ['self_attn.o_proj', 'attention.wo'],
  ['mlp.gate_proj', 'feed_forward.w1'],
  ['mlp.up_proj', 'feed_forward.w3'],
  ['mlp.down_proj', 'feed_forward.w2'],
  ['input_layernorm', 'attention_norm'],
  ['post_attention_layernorm', 'ffn_norm'],
];

describe('files like LLaMA', () => {
  const parts = partsOf(NAME);
  const expected = results.get('logits')?.data as Float32Array;
  const rows = (name: string) => (name.includes('q_proj') ? 8 : name.includes('k_proj') ? 4 : 0);
  const inPairs = new Map(Array.from(parts, ([name, x]) => [name, rows(name) ? paired(x, rows(name)) : x]));

  it('turn halves under the names of Hugging Face, pairs under those of Meta or where the config says so', async () => {
    const meta = fileOf(renamed(inPairs, (name) => META.reduce((all, [from, to]) => all.replace(from, to), name)));
    expect(apart(logitsOf(await load(meta)), expected)).toBeLessThan(1e-4);
    expect(apart(logitsOf(await load(fileOf(inPairs), { ...config, rope_interleaved: true })), expected)).toBeLessThan(1e-4);
    expect(apart(logitsOf(await load(fileOf(inPairs))), expected)).toBeGreaterThan(1); // another text, and no error
    const loaded = await loadPretrained(meta, { config });
    expect(Buffer.compare(loaded.toFiles().get('model.safetensors') as Uint8Array, meta)).toBe(0);
  });

  it('say their positions in old words and new', async () => {
    const { rope_theta: _, ...rest } = config;
    const plain = logitsOf(await load(fileOf(parts)));
    const with500 = logitsOf(await load(fileOf(parts), { ...config, rope_theta: 500 }));
    expect(with500).not.toEqual(plain);
    expect(logitsOf(await load(fileOf(parts), rest))).toEqual(plain); // 10000 where nothing is said
    expect(logitsOf(await load(fileOf(parts), { ...rest, rope_parameters: { rope_type: 'default', rope_theta: 500 } }))).toEqual(with500);
    const linear = logitsOf(await load(fileOf(parts), { ...config, rope_scaling: { type: 'linear', factor: 4 } }));
    expect(
      logitsOf(await load(fileOf(parts), { ...rest, rope_parameters: { rope_type: 'linear', factor: 4, rope_theta: 10000 } })),
    ).toEqual(linear);
    const three = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 };
    const llama3 = logitsOf(await load(fileOf(parts), { ...config, rope_scaling: { rope_type: 'llama3', ...three } }));
    expect([plain, linear].every((other) => apart(other, llama3) > 1e-3)).toBe(true);
    expect(logitsOf(await load(fileOf(parts), { ...rest, rope_parameters: { rope_type: 'llama3', rope_theta: 10000, ...three } }))).toEqual(
      llama3,
    );
    await expect(load(fileOf(parts), { ...config, rope_scaling: { rope_type: 'dynamic', factor: 2 } })).rejects.toThrow("rope_scaling.rope_type must be default, linear or llama3, got 'dynamic'"); // biome-ignore format: one line
  });

  it('have a window where Mistral has, and none where Qwen2 says that it does not use it', async () => {
    const plain = logitsOf(await load(fileOf(parts)));
    const narrow = logitsOf(await load(fileOf(parts), { ...config, model_type: 'mistral', sliding_window: 8 }));
    expect(narrow.slice(0, 8 * 512)).toEqual(plain.slice(0, 8 * 512));
    expect(narrow.slice(8 * 512)).not.toEqual(plain.slice(8 * 512));
    expect(logitsOf(await load(fileOf(parts), { ...config, model_type: 'mistral', sliding_window: null }))).toEqual(plain);
    const qwen = { ...config, model_type: 'qwen2', sliding_window: 8, max_window_layers: 3 };
    expect(logitsOf(await load(fileOf(parts), { ...qwen, use_sliding_window: false }))).toEqual(plain);
    const some = logitsOf(await load(fileOf(parts), { ...qwen, use_sliding_window: true }));
    expect([plain, narrow].every((other) => apart(other, some) > 1e-3)).toBe(true);
  });

  it('have the biases that they have: of queries, keys and values alone in Qwen2', async () => {
    const bias = (size: number, scale: number): FileTensor => ({ dtype: 'F32', shape: [size], data: Float32Array.from({ length: size }, (_, i) => scale * Math.sin(i)) }); // biome-ignore format: one line
    const zeros = (size: number) => bias(size, 0);
    const more = (make: (size: number) => FileTensor) =>
      fileOf(new Map([...parts, ...[0, 1, 2, 3, 4].flatMap((i) => [['q', 64], ['k', 32], ['v', 32]].map(([letter, size]) => [`model.layers.${i}.self_attn.${letter}_proj.bias`, make(size as number)] as const))])); // biome-ignore format: one line
    const { model_type: _, ...untold } = config;
    const loaded = await loadPretrained<LanguageModel>(more(zeros), { config: untold });
    expect(loaded.family).toBe('qwen2');
    expect(apart(logitsOf(loaded.model), expected)).toBeLessThan(1e-4);
    const file = more((size) => bias(size, 0.5));
    const biased = await loadPretrained<LanguageModel>(file, { config: { ...config, model_type: 'qwen2' } });
    expect(apart(logitsOf(biased.model), expected)).toBeGreaterThan(1e-2);
    expect(Buffer.compare(biased.toFiles().get('model.safetensors') as Uint8Array, file)).toBe(0);
  });

  it('keep buffers that the model has no use for', async () => {
    const file = fileOf(new Map([...parts, ['model.layers.0.self_attn.rotary_emb.inv_freq', { dtype: 'F32', shape: [4], data: Float32Array.of(1, 0.1, 0.01, 0.001) }]])); // biome-ignore format: one line
    const loaded = await loadPretrained(file, { config });
    expect(Buffer.compare(loaded.toFiles().get('model.safetensors') as Uint8Array, file)).toBe(0);
  });
});
