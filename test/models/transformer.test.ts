import { describe, expect, it } from 'vitest';
import type { KeyValueCache } from '../../src/attention/cache.ts';
import { causal } from '../../src/attention/window.ts';
import { LanguageModel } from '../../src/models/transformer/language-model.ts';
import { TransformerEncoderLayer } from '../../src/models/transformer/layer.ts';
import { Module } from '../../src/nn/module.ts';
import { mul, normal, slice } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { cases, expectParity, stored } from '../nn/fixture.ts';
import { bits, padding } from '../nn/row.ts';

describe('TransformerEncoderLayer', () => {
  it.each(cases('transformer').map((from) => [from.name, from] as const))('%s equals PyTorch', (_, from) => {
    const { size, heads, hidden, activation, normFirst, causal: back } = from.options;
    const options = { size, heads, hidden, activation, normFirst, ...(back && { window: causal }) } as ConstructorParameters<typeof TransformerEncoderLayer>[0]; // biome-ignore format: one line
    const layer = new TransformerEncoderLayer(options, key(1));
    layer.loadStateDict(stored(from));
    expectParity(from, layer.stateDict(), ({ x, mask }) => ({ y: layer.forward(x as Tensor, { mask }) }));
  });

  const x = normal(key(2), [2, 5, 6]);

  it('gives the weights of each head, and the same bits with them', () => {
    for (const normFirst of [false, true]) {
      const layer = new TransformerEncoderLayer({ size: 6, heads: 2, normFirst, window: causal }, key(1));
      const { output, weights } = layer.forward(x, { weights: true, mask: padding([0, 1], 5) });
      expect(weights.shape).toEqual([2, 2, 5, 5]);
      expect(bits(layer.forward(x, { mask: padding([0, 1], 5) }))).toEqual(bits(output));
      expect(Array.from(weights.toArray()).every((weight, i) => i % 5 <= Math.floor(i / 5) % 5 || weight === 0)).toBe(true);
    }
  });

  it.each([
    ['post norm', {}],
    ['pre norm, gated', { normFirst: true, gated: true, activation: 'silu' }],
    ['grouped, wide heads', { keyHeads: 1, headSize: 4, scale: 0.7, bias: false }],
    ['scale 1', { scale: 1, normFirst: true }],
  ] as const)('%s: extends a text by any number of places with the bits of the whole', (_, options) => {
    const layer = new TransformerEncoderLayer({ size: 6, heads: 2, window: causal, ...options }, key(1));
    const whole = layer.forward(x, { weights: true });
    for (const sizes of [[5], [1, 1, 1, 1, 1], [2, 3], [4, 1]]) {
      let [from, cache] = [0, undefined as KeyValueCache | undefined];
      for (const size of sizes) {
        const { output, weights, cache: after } = layer.extend(slice(x, 1, from, from + size), cache, { weights: true });
        expect(bits(output)).toEqual(bits(slice(whole.output, 1, from, from + size)));
        expect(bits(weights as Tensor)).toEqual(bits(slice(slice(whole.weights, 2, from, from + size), 3, 0, from + size)));
        [from, cache] = [from + size, after];
      }
      expect(cache?.lengths).toEqual([5, 5]);
    }
  });

  it('takes another norm and another activation', () => {
    class Half extends Module {
      forward(z: Tensor): Tensor {
        return mul(z, 0.5);
      }
    }
    const options = { size: 6, heads: 2, norm: () => new Half() };
    const layer = new TransformerEncoderLayer({ ...options, activation: (z) => mul(z, 0) }, key(1));
    expect([...layer.stateDict().keys()].filter((path) => path.startsWith('norm'))).toEqual([]);
    // Nothing comes through the net: what is left are its second bias and what attention gave, twice halved.
    const read = layer.self_attn.forward(x, x, x).output.toArray();
    const last = layer.linear2.bias?.toArray() ?? [];
    layer
      .forward(x)
      .toArray()
      .forEach((y, i) => {
        expect(y).toBeCloseTo(((x.toArray()[i] as number) + (read[i] as number)) / 4 + (last[i % 6] as number) / 2, 6);
      });
  });

  it('refuses what it cannot be made with', () => {
    expect(() => new TransformerEncoderLayer({ size: 6, heads: 4 }, key(1))).toThrow(
      'MultiHead: size must be a multiple of heads, got 6 and 4',
    );
    expect(() => new TransformerEncoderLayer({ size: 6, heads: 2, activation: 'swish' as 'relu' }, key(1))).toThrow(
      "TransformerEncoderLayer: activation must be relu, gelu, gelu-tanh, silu, relu2 or a function of a tensor, got 'swish'",
    );
  });
});

describe('LanguageModel', () => {
  const model = new LanguageModel({ symbols: 9, size: 8, layers: 2, heads: 2, length: 6 }, key(3));
  const tokens = tensor([[1, 2, 3, 4, 5, 6], [3, 1, 4, 1, 5, 8]], { dtype: 'int32' }); // biome-ignore format: two rows

  it('knows nothing of what comes after a token: its logits have the same bits without', () => {
    const whole = model.forward(tokens).logits;
    for (const time of [1, 3, 5]) expect(bits(model.forward(slice(tokens, 1, 0, time)).logits)).toEqual(bits(slice(whole, 1, 0, time)));
  });

  it('drops only where a key is given, each key otherwise', () => {
    const wet = new LanguageModel({ symbols: 9, size: 8, layers: 2, heads: 2, length: 6, dropout: 0.3 }, key(3));
    expect(bits(wet.forward(tokens).logits)).toEqual(bits(model.forward(tokens).logits));
    const [once, again, other] = [key(1), key(1), key(2)].map((from) => bits(wet.forward(tokens, { key: from }).logits));
    expect(once).toEqual(again);
    expect(once).not.toEqual(other);
  });

  it('refuses more tokens than it has places for', () => {
    expect(() => model.forward(tensor([[1, 2, 3, 4, 5, 6, 7]], { dtype: 'int32' }))).toThrow(
      'LanguageModel: tokens must be at most 6 long, got 7',
    );
  });
});
