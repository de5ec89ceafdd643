import { add, exp, tanh } from 'saccade';
import type { Case } from '../case.ts';

const unary = (name: string, f: Case['f'], n: number): Case => ({
  name: `${name} of ${n}`,
  bound: 'bandwidth',
  work: 8 * n,
  inputs: [[n]],
  f,
  tolerance: 5e-7,
});

/** In the first-level cache's reach, and beyond every cache. */
const sizes = [4096, 2 ** 22];

export const elementwise: Case[] = sizes.flatMap((n) => [
  unary('exp', (x) => exp(x), n),
  unary('tanh', (x) => tanh(x), n),
  { name: `add of ${n}`, bound: 'bandwidth', work: 12 * n, inputs: [[n], [n]], f: (a, b) => add(a, b), tolerance: 5e-7 },
]);
