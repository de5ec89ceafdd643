import { describe, it } from 'vitest';
import { parameter } from '../../src/autograd/parameter.ts';
import {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  ctcLoss,
  gather,
  gelu,
  l1Loss,
  layerNorm,
  linear,
  logSoftmax,
  mseLoss,
  nllLoss,
  silu,
  smoothL1Loss,
  softmax,
  swiglu,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Case, cases, expectParity, stored } from './fixture.ts';

const title = ({ name, options }: Case) => [name, ...Object.entries(options).map(([key, value]) => `${key} ${value}`)].join(', ');

const parts: Record<string, (x: Tensor, weight: Tensor, bias?: Tensor) => Tensor> = {
  Linear: (x, weight, bias) => linear(x, weight, bias),
  'Linear without bias': (x, weight) => linear(x, weight),
  Embedding: (index, weight) => gather(weight, index),
  LayerNorm: (x, weight, bias) => layerNorm(x, { weight, ...(bias && { bias }) }),
};

describe('parts equal PyTorch', () => {
  it.each(cases('parts').map((c) => [title(c), c] as const))('%s', (_, from) => {
    const parameters = stored(from);
    for (const p of parameters.values()) parameter(p);
    expectParity(from, parameters, ({ x }) => ({
      y: (parts[from.name] as (typeof parts)[string])(x as Tensor, parameters.get('weight') as Tensor, parameters.get('bias')),
    }));
  });
});

const activations: Record<string, (x: Tensor, up: Tensor, options: object) => Tensor> = {
  gelu: (x, _, options) => gelu(x, options),
  silu,
  swiglu,
};

describe('activations equal PyTorch', () => {
  it.each(cases('activations').map((c) => [title(c), c] as const))('%s', (_, from) => {
    const f = activations[from.name] as (typeof activations)[string];
    expectParity(from, new Map(), ({ x, up }) => ({ y: f(x as Tensor, up as Tensor, from.options) }));
  });
});

const scores: Record<string, (x: Tensor, options: object) => Tensor> = { softmax, logSoftmax };

const losses: Record<string, (x: Tensor, target: Tensor, options: object) => Tensor> = {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
};

describe('losses equal PyTorch', () => {
  it.each(cases('losses').map((c) => [title(c), c] as const))('%s', (_, from) => {
    expectParity(
      from,
      new Map(),
      ({ x, target }) =>
        ({
          y: target ? losses[from.name]?.(x as Tensor, target, from.options) : scores[from.name]?.(x as Tensor, {}),
        }) as { y: Tensor },
    );
  });
});

describe('alignments equal PyTorch', () => {
  it.each(cases('alignments').map((c) => [title(c), c] as const))('%s', (_, from) => {
    expectParity(from, new Map(), ({ x, target, mask }) => ({ y: ctcLoss(x as Tensor, target as Tensor, { ...from.options, mask }) }));
  });
});
