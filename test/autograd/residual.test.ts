// Graphs whose sums are handed on, as those of residual networks, against gradients derived by hand.
import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import * as ops from '../../src/ops/index.ts';
import { detach, ones, tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const { add, mul, reshape, sum, tanh } = ops;
const values = (x: Tensor | null | undefined) => x && Array.from(x.toArray());
const leaf = (...elements: number[]) => parameter(tensor(elements));

/** A graph whose sums are handed on, and the gradients of its leaves, derived by hand in float64. */
interface Graph {
  name: string;
  inputs: number[];
  /** Of leaves of one element. */
  loss: (...xs: Tensor[]) => Tensor;
  expected: (...xs: number[]) => number[];
}

const twice = (c: Tensor) => add(mul(c, 2), mul(c, 5));
const { sin, cos } = Math;

const graphs: Graph[] = [
  {
    name: 'a sum whose operand is used beside it',
    inputs: [1, 1],
    loss: (a, b) => add(twice(add(a as Tensor, b as Tensor)), mul(b as Tensor, 3)),
    expected: () => [7, 10],
  },
  {
    name: 'the operand used before the sum is walked',
    inputs: [1, 2],
    loss: (a, b) => {
      const d = mul(b as Tensor, 3);
      return add(twice(add(a as Tensor, b as Tensor)), d);
    },
    expected: () => [7, 10],
  },
  {
    name: 'a sum of a tensor with itself',
    inputs: [0.7],
    loss: (x) => {
      const c = add(x as Tensor, x as Tensor);
      return add(twice(c), mul(x as Tensor, 11));
    },
    expected: () => [25],
  },
  {
    name: 'three layers of x + sin x, all of them in the loss',
    inputs: [0.4],
    loss: (x) => {
      const layers = [x as Tensor];
      for (let i = 0; i < 3; i++) layers.push(add(layers[i] as Tensor, ops.sin(layers[i] as Tensor)));
      return layers.map((h) => twice(h)).reduce((a, b) => add(a, b));
    },
    expected: (x) => {
      let [h, slope, total] = [x as number, 1, 7];
      for (let i = 0; i < 3; i++) {
        slope *= 1 + cos(h);
        h += sin(h);
        total += 7 * slope;
      }
      return [total];
    },
  },
  {
    name: 'a pre-norm layer, x + w · tanh x and its own tanh',
    inputs: [0.5, 0.8],
    loss: (x, w) => {
      const y = add(x as Tensor, mul(tanh(x as Tensor), w as Tensor));
      return add(y, tanh(y));
    },
    expected: (x, w) => {
      const t = Math.tanh(x as number);
      const g = 1 + (1 - Math.tanh((x as number) + (w as number) * t) ** 2);
      return [g * (1 + (w as number) * (1 - t * t)), g * t];
    },
  },
  {
    name: 'a view of a sum',
    inputs: [1, 2],
    loss: (a, b) => add(reshape(twice(reshape(add(a as Tensor, b as Tensor), [1, 1])), [1]), mul(b as Tensor, 3)),
    expected: () => [7, 10],
  },
  {
    name: 'a difference, whose first operand gets the gradient itself',
    inputs: [1, 2],
    loss: (a, b) => add(twice(ops.sub(a as Tensor, b as Tensor)), mul(a as Tensor, 3)),
    expected: () => [10, -7],
  },
  {
    name: 'a straight-through estimate',
    inputs: [0.3, 2],
    loss: (a, b) => {
      const y = ops.straightThrough(detach(a as Tensor), a as Tensor);
      return add(twice(add(y, b as Tensor)), mul(y, 4));
    },
    expected: () => [11, 7],
  },
  {
    name: 'a stretched operand',
    inputs: [1, 2],
    loss: (a, b) => {
      const c = add(a as Tensor, add(ones([3]), b as Tensor));
      return sum(add(twice(c), mul(a as Tensor, 2)), { keepDims: true });
    },
    expected: () => [3 * 9, 3 * 7],
  },
  {
    name: 'parts of a stack, whose gradients meet',
    inputs: [1, 2],
    loss: (a, b) => {
      const [p, q] = ops.unstack(ops.stack([a as Tensor, b as Tensor])) as [Tensor, Tensor];
      return add(twice(add(p, q)), add(mul(p, 2), mul(q, 3)));
    },
    expected: () => [9, 10],
  },
];

describe('gradients of graphs with residual connections', () => {
  it.each(graphs)('are those derived by hand: $name', ({ inputs, loss, expected }) => {
    scope(() => {
      const leaves = inputs.map((x) => leaf(x));
      const right = expected(...inputs);
      backward(loss(...leaves));
      leaves.forEach((x, i) => void expect(x.grad?.item()).toBeCloseTo(right[i] as number, 5));
      const found = grad(loss(...leaves), leaves);
      found.forEach((x, i) => void expect(x.item()).toBeCloseTo(right[i] as number, 5));
      const again = grad(loss(...leaves), leaves, { createGraph: true });
      again.forEach((x, i) => void expect(x.item()).toBeCloseTo(right[i] as number, 5));
    });
  });

  it('hold where a product was put off until the gradient it was made of went on', () => {
    scope(() => {
      const x = parameter(tensor([[0.5, -1]]));
      const w = parameter(tensor([[1, 2], [3, 4]])); // biome-ignore format: rows
      const y = add(x, ops.linear(tanh(x), w));
      backward(sum(add(y, tanh(y))));
      const [t0, t1] = [Math.tanh(0.5), Math.tanh(-1)];
      const g = [0.5 + t0 + 2 * t1, -1 + 3 * t0 + 4 * t1].map((v) => 2 - Math.tanh(v) ** 2) as [number, number];
      const right = [g[0] * t0, g[0] * t1, g[1] * t0, g[1] * t1];
      values(w.grad)?.forEach((v, i) => void expect(v).toBeCloseTo(right[i] as number, 5));
    });
  });

  it('hold for what is computed on the way', () => {
    scope(() => {
      const p = mul(leaf(0.3), 1);
      const q = mul(p, 4);
      const r = add(q, p);
      const found = grad(sum(add(mul(r, 2), mul(r, 5))), [q, p, r, p]);
      expect(found.map(values)).toEqual([[7], [35], [7], [35]]);
      expect(new Set(found.map((x) => x.storage)).size).toBe(4);
    });
  });
});
