// Files that PyTorch 1.13 wrote, loaded as they are (test/fixtures/torch): what was computed there comes out here.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { causalMask } from '../../src/attention/mask.ts';
import { loadTensors } from '../../src/io/tensors.ts';
import { TransformerEncoder } from '../../src/models/transformer/stack.ts';
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

describe('PyTorch 1.13', () => {
  it.each(['torch113_encoder_pre_gelu'])('%s', (name) => {
    const { into, of, metadata } = load(name);
    const model = new TransformerEncoder(
      { size: 24, heads: 3, hidden: 40, layers: 2, activation: 'gelu', normFirst: metadata.norm_first === 'True' },
      key(1),
    );
    into(model);
    const real = not(of('padding_true_is_pad'));
    expectNear(model.forward(of('x')), of('y'));
    expectNear(model.forward(of('x'), { mask: real }), of('y_padded'), real);
    expectNear(model.forward(of('x'), { mask: causalMask(7) }), of('y_causal'));
  });

  it('torch113_transformer', () => {
    const { into, of } = load('torch113_transformer');
    const model = new Transformer({ size: 24, heads: 3, hidden: 40, layers: 2 }, key(1));
    into(model);
    const mask = not(of('padding_true_is_pad'));
    expectNear(model.forward(of('src'), of('tgt'), { sourceMask: mask }), of('y'));
  });
});
