import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { linear, matmul, uniform } from '../../src/ops/index.ts';
import { panelsOf } from '../../src/ops/product/panels.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { outside, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { SGD } from '../../src/train/optimizers/sgd.ts';

const made = (shape: number[], seed: number) => outside(() => uniform(key(seed), shape, { low: -1, high: 1 }));
const fresh = (x: Tensor) => tensor(x.toArray(), { shape: x.shape });

/** The product by the weight as it is now, from a tensor that nothing is kept of. */
const both = (x: Tensor, weight: Tensor) =>
  scope(() => ({
    got: [linear(x, weight).toArray(), matmul(x, weight, { transposeB: true }).toArray()],
    wanted: Array(2).fill(linear(x, fresh(weight)).toArray()),
  }));

describe('a weight that several products use', () => {
  const x = made([5, 300], 1);
  const weight = parameter(made([19, 300], 2));

  it('is packed from the second on, with the same bits', () => {
    for (let i = 0; i < 3; i++) {
      const { got, wanted } = both(x, weight);
      expect(got).toEqual(wanted);
    }
    const panels = panelsOf(weight, true);
    expect(panels?.shape).toEqual([24, 300]);
    expect(panelsOf(weight, true)).toBe(panels);
  });

  it('is packed anew after it is written to, by an optimiser or by hand', () => {
    const optimizer = new SGD([weight], { lr: 0.5 });
    for (let i = 0; i < 2; i++) {
      scope(() => backward(linear(x, weight), { gradient: ones([5, 19]) }));
      optimizer.step();
      const { got, wanted } = both(x, weight);
      expect(got).toEqual(wanted);
    }
    weight.view()[7] = 100;
    const { got, wanted } = both(x, weight);
    expect(got).toEqual(wanted);
  });

  it('is left alone where a scope frees it or it is no parameter', () => {
    scope(() => {
      const scoped = parameter(uniform(key(3), [80, 60]));
      expect([panelsOf(scoped, true), panelsOf(scoped, true), panelsOf(scoped, true)]).toEqual([null, null, null]);
    });
    const constant = made([80, 60], 4);
    expect([panelsOf(constant, true), panelsOf(constant, true)]).toEqual([null, null]);
  });
});
