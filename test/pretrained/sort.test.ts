// A GPT that sorts, with everything that it worked out on the way.
import { describe, expect, it } from 'vitest';
import type { FileTensor } from '../../src/io/safetensors.ts';
import { capture } from '../../src/nn/index.ts';
import { add, gelu, select } from '../../src/ops/index.ts';
import { gpt2, loadPretrained } from '../../src/pretrained/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { apart, bytesOf, fileOf, ids, isTest, partsOf, resultsOf } from './fixture.ts';

const NAME = 'gpt_nano_sort';
const config = { n_embd: 48, n_layer: 3, n_head: 3, block_size: 11, vocab_size: 3, activation_function: 'gelu_new' };
const load = async (said: object = config, file = bytesOf(NAME)) =>
  (await loadPretrained(file, { config: said as typeof config, family: gpt2, skip: isTest })).model;

/**
 * The file with the bias of the first layer's queries, keys and values, which whoever made it left out: what is left of `qkv` without `W · ln1`. Those of
 * the other layers, of which no such result is known, are 0, so that their results are not compared.
 */
function withFirstBias(results: ReadonlyMap<string, FileTensor>): Uint8Array<ArrayBuffer> {
  const parts = partsOf(NAME);
  const [qkv, ln1] = ['qkv', 'ln1'].map((name) => results.get(name)?.data as Float32Array) as [Float32Array, Float32Array];
  const weight = parts.get('transformer.h.0.attn.c_attn.weight')?.data as Float32Array; // [144, 48]
  const bias = Float32Array.from({ length: 144 }, (_, i) => {
    const product = Array.from({ length: 48 }, (_, j) => (weight[48 * i + j] as number) * (ln1[j] as number)).reduce((a, b) => a + b, 0);
    return (qkv[i] as number) - product;
  });
  for (const layer of [0, 1, 2])
    parts.set(`transformer.h.${layer}.attn.c_attn.bias`, { dtype: 'F32', shape: [144], data: layer === 0 ? bias : new Float32Array(144) });
  return fileOf(parts);
}

/** All lists of `length` of three letters. */
const lists = (length: number): number[][] =>
  length === 0 ? [[]] : lists(length - 1).flatMap((list) => [0, 1, 2].map((letter) => [...list, letter]));

describe('gpt_nano_sort', () => {
  it('sorts all 729', async () => {
    const model = await load();
    const all = lists(6);
    const found: number[][] = all.map(() => []);
    for await (const tokens of model.generate(all, { maxLength: 5 })) tokens.forEach((token, row) => found[row]?.push(token as number));
    const rest = model.generate(
      all.map((list, row) => [...list, ...(found[row] ?? [])].slice(0, 11)).map((text) => text.slice(0, 10)),
      { maxLength: 1 },
    );
    for await (const _ of rest);
    const right = all.filter((list, row) => [...list].sort().slice(0, 5).join() === found[row]?.join());
    expect(right.length).toBe(729);
    // The last letter comes from all eleven that the model can read.
    const full = tensor(Int32Array.from(all.flatMap((list, row) => [...list, ...(found[row] ?? [])])), { shape: [729, 11] });
    const last = select(model.forward(full).logits, 1, 10).toArray();
    expect(
      all.filter(
        (list, row) => last.slice(3 * row, 3 * row + 3).indexOf(Math.max(...last.slice(3 * row, 3 * row + 3))) === Math.max(...list),
      ).length,
    ).toBe(729);
  });

  it('works out what its authors did, step by step', async () => {
    const results = resultsOf(NAME);
    const tokens = ids(results.get('idx') as FileTensor);
    const model = await load(config, withFirstBias(results));
    const wanted = ['layers.0.norm1', 'layers.0.norm2', 'layers.0.linear1', 'layers.0.linear2', 'layers.0.self_attn.output'];
    const { result, outputs } = capture(model, wanted, () => model.forward(tokens, { weights: true }));
    const one = (name: string) => outputs.get(name)?.[0] as Tensor;
    const x = add(model.symbols.forward(tokens), (model.positions as typeof model.symbols).weight);
    const block = capture(model, 'layers.0', () => model.forward(tokens)).outputs.get('layers.0')?.[0] as Tensor;
    const seen: Record<string, Tensor> = {
      ...{ tok_emb: model.symbols.forward(tokens), x, ln1: one('layers.0.norm1'), attSm: result.weights?.[0] as Tensor },
      ...{ attnResid: add(x, one('layers.0.self_attn.output')), ln2: one('layers.0.norm2'), fc: one('layers.0.linear1') },
      ...{ gelu: gelu(one('layers.0.linear1'), { approximate: 'tanh' }), mlp: one('layers.0.linear2'), mlpResid: block, block0: block },
    };
    for (const [name, found] of Object.entries(seen)) {
      const expected = results.get(name) as FileTensor;
      expect(found.size, name).toBe(expected.data.length);
      expect(apart(found.toArray(), expected.data as Float32Array), name).toBeLessThan(1e-5);
    }
  });

  it('is another model with the other GELU, and says that it must be named', async () => {
    const tokens = ids(resultsOf(NAME).get('idx') as FileTensor);
    const other = (await load({ ...config, activation_function: 'gelu' })).forward(tokens).logits.toArray();
    expect(apart(other, resultsOf(NAME).get('lm_head')?.data as Float32Array)).toBeGreaterThan(1e-3);
    await expect(load({ ...config, activation_function: undefined })).rejects.toThrow(
      'gpt2: config must say activation_function or hidden_act, got none',
    );
    await expect(load({ ...config, activation_function: 'mish' })).rejects.toThrow(
      'gpt2: activation_function must be one of gelu_new, gelu_fast',
    );
  });
});
