// PyTorch's own modules by their names alone: the numbers are those that PyTorch 1.13 computed (test/fixtures/torch).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/io/safetensors.ts';
import { loadTensors } from '../../src/io/tensors.ts';
import { TransformerDecoder, TransformerEncoder } from '../../src/models/transformer/stack.ts';
import { Transformer } from '../../src/models/transformer/transformer.ts';
import { loadPretrained } from '../../src/pretrained/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { apart, fileOf, isTest, renamed } from './fixture.ts';

const bytesOf = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/torch/${name}.safetensors`, import.meta.url)));
const partsOf = (name: string) => new Map([...readSafetensors(bytesOf(name)).tensors].filter(([path]) => !isTest(path)));
const result = (name: string) => {
  const file = loadTensors(bytesOf(name));
  return (path: string) => file.get(`test.${path}`) as Tensor;
};

const pre = { nhead: 3, norm_first: true, activation: 'gelu' };

describe('torch', () => {
  it.each([
    ['encoder_pre_gelu', pre],
    ['encoder_post_relu', { nhead: 3, d_model: 24, num_layers: 2, dim_feedforward: 40, model_type: 'torch' }],
    ['encoder_post_gelu_eps12', { nhead: 3, activation: 'gelu', layer_norm_eps: 1e-12 }],
  ])('%s', async (name, config) => {
    const of = result(name);
    const { model, family } = await loadPretrained(bytesOf(name), { config, skip: isTest });
    expect(family).toBe('torch');
    expect(model).toBeInstanceOf(TransformerEncoder);
    expect(apart((model as TransformerEncoder).forward(of('x')).toArray(), of('y').toArray())).toBeLessThan(1e-5);
    const back = await loadPretrained<TransformerEncoder>(fileOf(partsOf(name)), { config: { ...config, is_causal: true } });
    expect(apart(back.model.forward(of('x')).toArray(), of('y_causal').toArray())).toBeLessThan(1e-5);
  });

  it('decoder_pre_gelu, which looks back unless it is told', async () => {
    const of = result('decoder_pre_gelu');
    for (const [config, y] of [
      [pre, 'y_causal'],
      [{ ...pre, tgt_is_causal: false }, 'y'],
    ] as const) {
      // biome-ignore format: a table
      const { model } = await loadPretrained(bytesOf('decoder_pre_gelu'), { config, skip: isTest });
      expect(model).toBeInstanceOf(TransformerDecoder);
      expect(apart((model as TransformerDecoder).forward(of('x'), of('memory')).toArray(), of(y).toArray())).toBeLessThan(1e-5);
    }
  });

  it('nn.Transformer, under any name, gives the same bytes back', async () => {
    const parts = partsOf('torch113_transformer');
    const bytes = fileOf(renamed(parts, (name) => `model.transformer.${name}`));
    const { model, toFiles } = await loaded(bytes, { nhead: 3 });
    expect(model).toBeInstanceOf(Transformer);
    expect([...toFiles().values()].map(({ length }) => length)).toContain(bytes.length);
    expect([...toFiles().values()].some((file) => Buffer.from(file).equals(Buffer.from(bytes)))).toBe(true);
    const alone = await loaded(fileOf(parts), { nhead: 3 });
    const values = (all: ReadonlyMap<string, Tensor>) => Array.from(all, ([name, x]) => [name, [...x.toArray()]]);
    expect(values(alone.model.stateDict())).toEqual(values(model.stateDict()));
  });

  it('refuses what files do not tell, and what they tell otherwise', async () => {
    const parts = partsOf('encoder_pre_gelu');
    await expect(loaded(fileOf(parts), {})).rejects.toThrow('torch: config must say nhead or num_heads or num_attention_heads, got none');
    await expect(loaded(fileOf(parts), { nhead: 3, d_model: 32 })).rejects.toThrow(
      'torch: d_model of the config must be that of the files, 24',
    );
    await expect(loaded(fileOf(parts), { nhead: 3, activation: 'tanh' })).rejects.toThrow('torch: activation must be one of');
    const twice = new Map([...renamed(parts, (name) => `a.${name}`), ...renamed(parts, (name) => `b.${name}`)]);
    await expect(loaded(fileOf(twice), { nhead: 3 })).rejects.toThrow('torch: files must hold layers.0.self_attn.in_proj_weight once');
    const embedded = new Map([...parts, ['embedding.weight', parts.get('layers.0.linear1.weight')] as const]) as typeof parts;
    await expect(loaded(fileOf(embedded), pre)).rejects.toThrow('embedding.weight');
  });
});

async function loaded(bytes: Uint8Array<ArrayBuffer>, config: Record<string, unknown>) {
  const pretrained = await loadPretrained(bytes, { config });
  return { model: pretrained.model, toFiles: () => pretrained.toFiles() };
}
