// embeddingBag and its gradients as PyTorch has them; scripts/fixtures/bag.py writes the fixture.
import { describe, expect, it } from 'vitest';
import { embeddingBag } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { cases, expectParity } from '../nn/fixture.ts';

const all = cases('bag');

describe('embeddingBag', () => {
  it.each(all.map((one) => [one.name, one] as const))('%s', (_, one) => {
    expectParity(one, new Map(), ({ table, index, weights }) => ({
      y: embeddingBag(table as Tensor, index as Tensor, { weights, ...one.options }),
    }));
  });

  it('has each kind of case', () => {
    expect(all.map(({ name }) => name)).toEqual(['sum', 'sum, padded', 'weights', 'weights, padded']);
  });
});
