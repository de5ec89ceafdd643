// Files that PyTorch 1.13 wrote, loaded as they are (test/fixtures/torch): what was computed there comes out here.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { causalMask } from '../../src/attention/mask.ts';
import { causal, everywhere } from '../../src/attention/window.ts';
import { loadTensors } from '../../src/io/tensors.ts';
import { TransformerDecoder, TransformerEncoder } from '../../src/models/transformer/stack.ts';
import { Transformer } from '../../src/models/transformer/transformer.ts';
import type { Module } from '../../src/nn/module.ts';
import { not } from '../../src/ops/index.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const load = (name: string) => {
  const file = loadTensors(readFileSync(new URL(`../fixtures/torch/${name}.safetensors`, import.meta.url)));
  const isTest = ([path]: readonly [string, unknown]) => path.startsWith('test.');
  return {
    into: (module: Module) => module.loadStateDict(new Map([...file].filter((entry) => !isTest(entry)))),
    of: (path: string) => file.get(`test.${path}`) as Tensor,
    metadata: file.metadata,
  };
};

/** Rows of places that count `[B, T]` of what is `[B, T, D]`. */
function expectNear(got: Tensor, wanted: Tensor, counts?: Tensor): void {
  expect(got.shape).toEqual(wanted.shape);
  const [a, b, real] = [got.toArray(), wanted.toArray(), counts?.toArray()];
  const width = got.shape.at(-1) as number;
  a.forEach((x, i) => {
    if (!real || real[Math.floor(i / width)]) expect(Math.abs(x - (b[i] as number)), `element ${i}`).toBeLessThanOrEqual(1e-5);
  });
}

const optionsOf = ({ norm_first, activation, eps }: Record<string, string>) => ({
  ...{ size: 24, heads: 3, hidden: 40, layers: 2, normFirst: norm_first === 'True' },
  ...(activation && { activation: activation as 'relu' }),
  ...(eps && { eps: Number(eps) }),
});
const real = (of: (path: string) => Tensor | undefined, path = 'padding_true_is_pad') => not(of(path) as Tensor);

describe('PyTorch 1.13', () => {
  it.each(['torch113_encoder_pre_gelu', 'encoder_pre_gelu', 'encoder_post_relu', 'encoder_post_gelu_eps12'])('%s', (name) => {
    const { into, of, metadata } = load(name);
    const model = new TransformerEncoder(optionsOf(metadata), key(1));
    into(model);
    const mask = real(of);
    expectNear(model.forward(of('x')), of('y'));
    expectNear(model.forward(of('x'), { mask }), of('y_padded'), mask);
    expectNear(model.forward(of('x'), { mask: causalMask(7) }), of('y_causal'));
    const back = new TransformerEncoder({ ...optionsOf(metadata), window: causal }, key(1));
    into(back);
    expectNear(back.forward(of('x')), of('y_causal'));
    if (!name.startsWith('torch113')) expectNear(back.forward(of('x'), { mask }), of('y_causal_padded'), mask);
  });

  it.each(['decoder_pre_gelu', 'decoder_post_relu', 'decoder_post_gelu_eps12'])('%s', (name) => {
    const { into, of, metadata } = load(name);
    const [model, open] = [causal, everywhere].map((window) => new TransformerDecoder({ ...optionsOf(metadata), window }, key(1))) as [TransformerDecoder, TransformerDecoder]; // biome-ignore format: one line
    for (const one of [model, open]) into(one);
    const [mask, crossMask] = [real(of, 'target_padding_true_is_pad'), real(of)];
    expectNear(open.forward(of('x'), of('memory')), of('y'));
    expectNear(open.forward(of('x'), of('memory'), { mask: causalMask(5) }), of('y_causal'));
    expectNear(model.forward(of('x'), of('memory')), of('y_causal'));
    expectNear(model.forward(of('x'), of('memory'), { mask, crossMask }), of('y_causal_padded'), mask);
    expectNear(model.extend(of('x'), model.prepare(of('memory'), { mask: crossMask })).output, of('y_causal_padded'), mask);
  });

  it('torch113_transformer', () => {
    const { into, of } = load('torch113_transformer');
    const model = new Transformer({ size: 24, heads: 3, hidden: 40, layers: 2 }, key(1));
    into(model);
    expectNear(model.forward(of('src'), of('tgt'), { sourceMask: real(of) }), of('y'));
  });

  it.each(['transformer_pre_relu', 'transformer_post_gelu'])('%s', (name) => {
    const { into, of, metadata } = load(name);
    const model = new Transformer({ ...optionsOf(metadata), encoder: { layers: 1 } }, key(1));
    into(model);
    const targetMask = real(of, 'target_padding_true_is_pad');
    expectNear(model.forward(of('x'), of('target'), { sourceMask: real(of), targetMask }), of('y'), targetMask);
  });
});
