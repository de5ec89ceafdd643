import { describe, expect, it } from 'vitest';
import type { FileTensor } from '../../src/io/safetensors.ts';
import type { LanguageModel } from '../../src/models/transformer/language-model.ts';
import { parameterCount } from '../../src/nn/index.ts';
import { loadPretrained } from '../../src/pretrained/index.ts';
import { apart, bytesOf, fileOf, ids, isTest, partsOf, renamed, resultsOf, turned } from './fixture.ts';

const tiny = { model_type: 'gpt2', n_embd: 32, n_layer: 5, n_head: 4, n_positions: 512, vocab_size: 1000, activation_function: 'gelu_new' };
const skip = isTest;

const logitsOf = async (file: Uint8Array<ArrayBuffer>, config: object = tiny) => {
  const { model } = await loadPretrained<LanguageModel>(file, { config: config as typeof tiny });
  return model.forward(ids(resultsOf('gpt2_tiny_random').get('input_ids') as FileTensor)).logits.toArray();
};

describe('gpt2', () => {
  const expected = resultsOf('gpt2_tiny_random').get('logits')?.data as Float32Array;

  it("computes ONNX Runtime's logits", async () => {
    const { model, family } = await loadPretrained<LanguageModel>(bytesOf('gpt2_tiny_random'), { config: tiny, skip });
    expect(family).toBe('gpt2');
    expect(apart(model.forward(ids(resultsOf('gpt2_tiny_random').get('input_ids') as FileTensor)).logits.toArray(), expected)).toBeLessThan(
      1e-5,
    );
  });

  it('decides the layout of all matrices by c_attn, names with any prefix', async () => {
    const parts = partsOf('gpt2_tiny_random');
    const same = await logitsOf(fileOf(parts));
    const linear = new Map(Array.from(parts, ([name, x]) => [name, /c_(attn|proj|fc)\.weight$/.test(name) ? turned(x) : x]));
    expect(await logitsOf(fileOf(linear))).toEqual(same);
    expect(await logitsOf(fileOf(renamed(parts, (name) => name.replace('transformer.', ''))))).toEqual(same);
    expect(await logitsOf(fileOf(renamed(parts, (name) => `_orig_mod.${name}`)))).toEqual(same);
  });

  it('has a head of its own only where the file has another', async () => {
    const parts = partsOf('gpt2_tiny_random');
    const wte = parts.get('transformer.wte.weight') as FileTensor;
    const count = 1000 * 32;
    const load = async (head?: FileTensor) => (await loadPretrained<LanguageModel>(fileOf(new Map([...parts, ...(head ? [['lm_head.weight', head] as const] : [])])), { config: tiny })).model; // biome-ignore format: one line
    const [absent, equal] = [await load(), await load(wte)];
    const other = await load({ ...wte, data: Float32Array.from(wte.data as Float32Array, (x) => 2 * x) });
    expect(parameterCount(equal)).toBe(parameterCount(absent));
    expect(equal.output.weight).toBe(equal.symbols.weight);
    expect(parameterCount(other)).toBe(parameterCount(absent) + count);
    const tokens = ids(resultsOf('gpt2_tiny_random').get('input_ids') as FileTensor);
    expect(other.forward(tokens).logits.toArray()).toEqual(absent.forward(tokens).logits.toArray().map((x) => 2 * x)); // biome-ignore format: one line
  });

  it('makes no layers that no file has, whatever a name says', async () => {
    const parts = partsOf('gpt2_tiny_random');
    const far = new Map([...parts, ['transformer.h.999999999.ln_1.weight', parts.get('transformer.ln_f.weight') as FileTensor]]);
    const silent = Object.fromEntries(Object.entries(tiny).filter(([name]) => name !== 'n_layer'));
    await expect(loadPretrained(fileOf(far), { config: silent })).rejects.toThrow(
      'loadPretrained: files must hold all layers from transformer.h.0 on, got none of transformer.h.5 but of transformer.h.999999999',
    );
  });

  it('gives the same bytes back, buffers and both copies of a head too', async () => {
    const parts = partsOf('gpt2_tiny_random');
    const more: [string, FileTensor][] = [
      ['transformer.h.0.attn.bias', { dtype: 'U8', shape: [1, 1, 2, 2], data: Uint8Array.of(1, 0, 1, 1) }],
      ['transformer.h.0.attn.masked_bias', { dtype: 'F32', shape: [], data: Float32Array.of(-1e4) }],
      ['lm_head.weight', parts.get('transformer.wte.weight') as FileTensor],
    ];
    const file = fileOf(new Map([...parts, ...more]));
    const loaded = await loadPretrained<LanguageModel>(file, { config: tiny });
    expect(Buffer.compare(loaded.toFiles().get('model.safetensors') ?? new Uint8Array(), file)).toBe(0);
  });
});
