import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FileTensor } from '../../src/io/safetensors.ts';
import type { LanguageModel } from '../../src/models/transformer/language-model.ts';
import { loadPretrained } from '../../src/pretrained/index.ts';
import { apart, bytesOf, ids, isTest, resultsOf } from './fixture.ts';

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
