// What heads say is clamped to ±20 before anything is made of it: more says no more, in value and gradient.
import { expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { add, memoryStep, normal, square, sum } from '../../src/ops/index.ts';
import { full, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const [heads, moves, cells, width] = [2, 3, 5, 3];
const said = heads * (width + 3 + moves) + 2 * width;
const memory = normal(key(1), [1, cells, width]);
const previous = full([1, heads, cells], 1 / cells);

/** One step where the i-th number that is said is `x` and all others are 0.5, and the gradient by what is said. */
function step(i: number, x: number): { results: number[]; gradient: number[] } {
  const all = parameter(
    tensor(
      Float64Array.from({ length: said }, (_, j) => (j === i ? x : 0.5)),
      { shape: [1, said] },
    ),
  );
  const { weights, read, memory: next } = memoryStep(all, memory, previous, { reads: 1, writes: 1 });
  backward(add(add(sum(square(weights)), sum(square(read))), sum(square(next))));
  return { results: [weights, read, next].flatMap((y) => [...y.toArray()]), gradient: [...(all.grad as Tensor).toArray()] };
}

it.each(Array.from({ length: said }, (_, i) => i))('of number %i', (i) => {
  for (const sign of [1, -1]) {
    const [limit, beyond] = [step(i, 20 * sign), step(i, 1000 * sign)];
    expect(beyond.results).toEqual(limit.results);
    expect(beyond.gradient[i]).toBe(0);
    expect(beyond.gradient.toSpliced(i, 1)).toEqual(limit.gradient.toSpliced(i, 1));
    if (i >= heads * width && i < heads * (width + 1))
      expect(step(i, 19 * sign).results.join()).not.toBe(sign > 0 ? limit.results.join() : '');
  }
});
