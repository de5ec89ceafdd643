import { describe, expect, it } from 'vitest';
import type { FileTensor } from '../../src/io/safetensors.ts';
import type { TextEncoder } from '../../src/models/transformer/text-encoder.ts';
import { loadPretrained } from '../../src/pretrained/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { apart, bytesOf, fileOf, ids, isTest, partsOf, renamed, resultsOf } from './fixture.ts';

const tiny = {
  ...{ model_type: 'bert', vocab_size: 50, hidden_size: 24, num_hidden_layers: 2, num_attention_heads: 3, intermediate_size: 40 },
  ...{ max_position_embeddings: 16, type_vocab_size: 2, layer_norm_eps: 1e-12, hidden_act: 'gelu' },
};

const given = resultsOf('bert_tiny_random');
const result = (name: string) => given.get(name) as FileTensor;
const tokens = () => ids(result('input_ids'));
const call = () => ({
  mask: tensor(Int32Array.from(result('attention_mask').data as BigInt64Array, Number), { shape: [3, 7], dtype: 'bool' }),
  types: ids(result('token_type_ids')),
});

const load = async (parts: ReadonlyMap<string, FileTensor>, config: object = tiny) =>
  (await loadPretrained<TextEncoder>(fileOf(parts), { config: config as typeof tiny })).model;

const vectors = async (parts: ReadonlyMap<string, FileTensor>, config: object = tiny) => {
  const model = await load(parts, config);
  return model.embed(tokens(), call()).toArray();
};

const without = (config: Record<string, unknown>, ...names: string[]) =>
  Object.fromEntries(Object.entries(config).filter(([name]) => !names.includes(name)));

describe('bert', () => {
  const parts = partsOf('bert_tiny_random');

  it("computes PyTorch's vectors: of tokens, of the first token pooled, of the whole text", async () => {
    const { model, family } = await loadPretrained<TextEncoder>(bytesOf('bert_tiny_random'), { config: tiny, skip: isTest });
    expect(family).toBe('bert');
    const hidden = model.forward(tokens(), call());
    const real = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => result('attention_mask').data[Math.floor(i / 24)]);
    expect(apart(real(hidden.toArray()), real(result('last_hidden_state').data as Float32Array))).toBeLessThan(1e-5);
    expect(apart(model.pooled(hidden).toArray(), result('pooler_output').data as Float32Array)).toBeLessThan(1e-5);
    const text = model.embed(tokens(), call()).toArray();
    expect(apart(text, result('mean_pooled_normalized').data as Float32Array)).toBeLessThan(1e-5);
  });

  it('knows the names with any prefix, the old ones of norms, and files without a pooler', async () => {
    const same = await vectors(parts);
    expect(await vectors(renamed(parts, (name) => `bert.${name}`))).toEqual(same);
    expect(await vectors(renamed(parts, (name) => `0.auto_model.${name}`))).toEqual(same);
    const old = (name: string) => name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');
    expect(await vectors(renamed(parts, old))).toEqual(same);
    expect(await vectors(renamed(parts, (name) => (name.startsWith('pooler') ? undefined : name)))).toEqual(same);
    expect(await vectors(parts, without(tiny, 'model_type', 'vocab_size', 'hidden_size', 'num_hidden_layers', 'layer_norm_eps'))).toEqual(
      same,
    );
  });

  it('knows RoBERTa, whose tokens begin at place 2', async () => {
    const positions = parts.get('embeddings.position_embeddings.weight') as FileTensor;
    const later = {
      ...positions,
      shape: [18, 24],
      data: Float32Array.of(...new Array<number>(48).fill(9), ...(positions.data as Float32Array)),
    };
    const shifted = new Map([...parts, ['embeddings.position_embeddings.weight', later]]);
    const config = { ...tiny, model_type: 'xlm-roberta', pad_token_id: 1, max_position_embeddings: 18 };
    expect(await vectors(shifted, config)).toEqual(await vectors(parts));
    expect((await load(shifted, config)).length).toBe(16);
  });

  it("knows DistilBERT's names and words", async () => {
    const named = (name: string) =>
      /^pooler|token_type/.test(name)
        ? undefined
        : `distilbert.${name
            .replace('encoder.layer', 'transformer.layer')
            .replace(/attention\.self\.(.)(?:uery|ey|alue)/, 'attention.$1_lin')
            .replace('attention.output.dense', 'attention.out_lin')
            .replace('attention.output.LayerNorm', 'sa_layer_norm')
            .replace('intermediate.dense', 'ffn.lin1')
            .replace('output.dense', 'ffn.lin2')
            .replace('output.LayerNorm', 'output_layer_norm')}`;
    const config = { model_type: 'distilbert', vocab_size: 50, dim: 24, n_layers: 2, n_heads: 3, hidden_dim: 40, activation: 'gelu' };
    const distil = await load(renamed(parts, named), config);
    const kinds = parts.get('embeddings.token_type_embeddings.weight') as FileTensor;
    const zero = new Map([...parts, ['embeddings.token_type_embeddings.weight', { ...kinds, data: new Float32Array(48) }]]);
    const { mask } = call();
    expect(distil.embed(tokens(), { mask }).toArray()).toEqual((await load(zero)).embed(tokens(), { mask }).toArray());
  });

  it('gives the same bytes back, heads and buffers too', async () => {
    const more: [string, FileTensor][] = [
      ['bert.embeddings.position_ids', { dtype: 'I64', shape: [1, 16], data: BigInt64Array.from({ length: 16 }, (_, i) => BigInt(i)) }],
      ['cls.predictions.bias', { dtype: 'F32', shape: [50], data: new Float32Array(50).fill(0.5) }],
      ['cls.predictions.transform.LayerNorm.gamma', { dtype: 'F32', shape: [24], data: new Float32Array(24).fill(1) }],
    ];
    const old = (name: string) => `bert.${name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')}`;
    for (const file of [fileOf(parts), fileOf(new Map([...renamed(parts, old), ...more]))]) {
      const loaded = await loadPretrained(file, { config: tiny });
      expect(Buffer.compare(loaded.toFiles().get('model.safetensors') ?? new Uint8Array(), file)).toBe(0);
    }
  });

  it('refuses what would be another function, by name', async () => {
    await expect(load(parts, { ...tiny, position_embedding_type: 'relative_key' })).rejects.toThrow(
      "bert: position_embedding_type must be 'absolute', got 'relative_key'",
    );
    await expect(load(parts, { ...tiny, is_decoder: true })).rejects.toThrow('bert: is_decoder must be false, got true');
    await expect(load(parts, { ...tiny, hidden_size: 32 })).rejects.toThrow(
      'bert: hidden_size of the config must be that of the files, 24, got 32',
    );
    await expect(load(parts, without(tiny, 'hidden_act'))).rejects.toThrow('bert: config must say hidden_act or activation, got none');
    await expect(load(new Map([...parts, ['classifier.weight', { dtype: 'F32', shape: [1], data: new Float32Array(1) }]]))).rejects.toThrow(
      'classifier.weight',
    );
  });
});
