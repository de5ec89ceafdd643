// A GPT that sorts, with everything that it worked out on the way.
import { describe, expect, it } from 'vitest';
import type { FileTensor } from '../../src/io/safetensors.ts';
import type { LanguageModel } from '../../src/models/index.ts';
import { capture } from '../../src/nn/index.ts';
import { add, select } from '../../src/ops/index.ts';
import { gpt2, loadPretrained } from '../../src/pretrained/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { apart, bytesOf, ids, isTest, resultsOf } from './fixture.ts';

const NAME = 'gpt_nano_sort';
const config = { n_embd: 48, n_layer: 3, n_head: 3, block_size: 11, vocab_size: 3, activation_function: 'gelu_new' };
const load = async (said: object = config) =>
  (await loadPretrained(bytesOf(NAME), { config: said as typeof config, family: gpt2, skip: isTest })).model;

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
    const model: LanguageModel = await load();
    const results = resultsOf(NAME);
    const tokens = ids(results.get('idx') as FileTensor);
    const wanted = [
      'layers.*',
      'layers.0.norm1',
      'layers.0.norm2',
      'layers.0.linear1',
      'layers.0.linear2',
      'layers.0.self_attn.output',
      'norm',
    ];
    const { result, outputs } = capture(model, wanted, () => model.forward(tokens, { weights: true }));
    const plain = capture(model, ['layers.0', 'layers.1', 'layers.2'], () => model.forward(tokens)).outputs;
    const one = (name: string) => outputs.get(name)?.[0] as Tensor;
    const block = (i: number) => plain.get(`layers.${i}`)?.[0] as Tensor;
    const x = add(model.symbols.forward(tokens), (model.positions as typeof model.symbols).weight);
    const seen: Record<string, Tensor> = {
      ...{ tok_emb: model.symbols.forward(tokens), x, block0: block(0), block1: block(1), block2: block(2) },
      ...{ ln1: one('layers.0.norm1'), ln2: one('layers.0.norm2'), fc: one('layers.0.linear1'), mlp: one('layers.0.linear2') },
      ...{ attnResid: add(x, one('layers.0.self_attn.output')), mlpResid: block(0) },
      ...{ ln_f: one('norm'), lm_head: result.logits, attSm: result.weights?.[0] as Tensor },
    };
    for (const [name, tensorSeen] of Object.entries(seen)) {
      const expected = results.get(name) as FileTensor;
      expect(tensorSeen.shape, name).toEqual(expected.shape);
      expect(apart(tensorSeen.toArray(), expected.data as Float32Array), name).toBeLessThan(1e-5);
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
