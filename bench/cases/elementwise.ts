import { add, exp, gelu, sigmoid, type Tensor, tanh } from 'saccade';
import { type Case, op } from '../case.ts';

/** A function of each element: nothing does it faster than the exponential it needs at least. */
const unary = (name: string, f: (x: Tensor) => Tensor, n: number): Case => ({
  name: `${name} of ${n}`,
  bound: 'exp',
  work: n,
  setup: op([[n]], (x) => f(x as Tensor)),
  tolerance: 5e-7,
  task: { op: name, shapes: [[n]] },
  target: { peers: 1.5 },
});

const sum = (n: number): Case => ({
  name: `add of ${n}`,
  bound: 'copy',
  work: 12 * n,
  setup: op([[n], [n]], (a, b) => add(a as Tensor, b as Tensor)),
  tolerance: 5e-7,
  task: { op: 'add', shapes: [[n], [n]] },
});

/** In the first-level cache's reach, and beyond every cache. */
const sizes = [4096, 2 ** 22];

export const elementwise: Case[] = sizes.flatMap((n) => [
  unary('exp', exp, n),
  unary('tanh', tanh, n),
  unary('sigmoid', sigmoid, n),
  unary('gelu', gelu, n),
  sum(n),
]);
