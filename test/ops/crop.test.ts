import { expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { crop, reshape, sum, toFloat } from '../../src/ops/index.ts';
import { arange, tensor } from '../../src/tensor/create.ts';

const [LOW, HIGH] = [-(2 ** 31), 2 ** 31 - 1];

it.each([
  [HIGH, HIGH],
  [LOW, LOW],
  [HIGH, 0],
  [0, LOW],
  [-1, HIGH - 1],
  [LOW + 1, 2],
])('crop: a corner at %i, %i is as far outside as any, with gradient 0', (top, left) => {
  const x = parameter(reshape(toFloat(arange(12)), [1, 3, 4]));
  const y = crop(x, tensor(Int32Array.of(top, left), { shape: [1, 2] }), [5, 6]);
  expect(y.shape).toEqual([1, 5, 6]);
  expect(y.toArray().every((value) => value === 0)).toBe(true);
  expect(
    grad(sum(y), [x])[0]
      ?.toArray()
      .every((value) => value === 0),
  ).toBe(true);
});
