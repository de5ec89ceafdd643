// A model small enough to train in every test: two inputs, eight tanh units, one output; the target is a·b.
import { parameter } from '../../src/autograd/parameter.ts';
import { affine } from '../../src/ops/binary.ts';
import { add, dropout, mul, square, sub, sumTo, tanh, uniform } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { type Key, key as keyOf, permutation, split } from '../../src/tensor/random.ts';
import { outside } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

export interface Model {
  [path: string]: Tensor;
  hidden: Tensor; // [2, 8]
  bias: Tensor; // [8]
  out: Tensor; // [8, 1]
}

export function model(seed = 1): Model {
  const [a, b, c] = split(keyOf(seed), 3);
  const make = (key: Key, shape: number[]) => parameter(outside(() => uniform(key, shape, { low: -1, high: 1 })));
  return { hidden: make(a, [2, 8, 1]), bias: make(b, [8, 1]), out: make(c, [8, 1]) };
}

export interface Batch {
  x: Tensor; // [2, 1, B]
  y: Tensor; // [B]
}

const SIZE = 16;
const EXAMPLES = 96;

/** Six batches an epoch, in an order drawn from the key. */
export function* batches(_epoch: number, key: Key): Generator<Batch> {
  const order = permutation(key, EXAMPLES);
  for (let start = 0; start < EXAMPLES; start += SIZE) {
    const points = Array.from(order.subarray(start, start + SIZE), (i) => [((i * 37) % 96) / 48 - 1, ((i * 53) % 89) / 44.5 - 1] as const);
    yield {
      x: tensor([[points.map(([a]) => a)], [points.map(([, b]) => b)]]),
      y: tensor(points.map(([a, b]) => a * b)),
    };
  }
}

export function loss(m: Model, { x, y }: Batch, key?: Key): Tensor {
  let h = tanh(add(sumTo(mul(x, m.hidden), [1, 8, SIZE]), m.bias)); // [1, 8, B]
  if (key) h = dropout(h, 0.1, key);
  const error = sub(sumTo(mul(h, m.out), [1, 1, SIZE]), y);
  return affine(sumTo(square(error), []), 1 / SIZE, 0);
}

/** All parameters as numbers. */
export const weights = (m: Model) => Object.values(m).flatMap((t) => Array.from(t.toArray()));
