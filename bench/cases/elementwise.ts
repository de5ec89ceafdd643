import { add, exp, type Tensor, tanh } from 'saccade';
import { type Case, op } from '../case.ts';

const unary = (name: string, f: (x: Tensor) => Tensor, n: number): Case => ({
  name: `${name} of ${n}`,
  bound: 'bandwidth',
  work: 8 * n,
  setup: op([[n]], (x) => f(x as Tensor)),
  tolerance: 5e-7,
});

/** In the first-level cache's reach, and beyond every cache. */
const sizes = [4096, 2 ** 22];

export const elementwise: Case[] = sizes.flatMap((n) => [
  unary('exp', exp, n),
  unary('tanh', tanh, n),
  {
    name: `add of ${n}`,
    bound: 'bandwidth',
    work: 12 * n,
    setup: op([[n], [n]], (a, b) => add(a as Tensor, b as Tensor)),
    tolerance: 5e-7,
  },
]);
