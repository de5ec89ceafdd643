import { add, exp, gelu, sigmoid, type Tensor, tanh } from 'saccade';
import { silu } from 'saccade/ops';
import { type Case, op, resultOf, valuesOf } from '../case.ts';
import { functions } from '../plain.ts';

/** A function of each element: its limit is the exponential that it needs at least. */
function unary(name: keyof typeof functions, f: (x: Tensor) => Tensor, n: number): Case {
  const setup = op([[n]], (x) => f(x as Tensor));
  return {
    name: `${name} of ${n}`,
    bound: 'exp',
    work: n,
    setup,
    proof: () => ({ got: resultOf(setup), wanted: valuesOf([[n]]).flatMap((x) => Array.from(x, functions[name])) }),
    tolerance: 5e-7,
    task: { op: name, shapes: [[n]] },
    target: { peers: 1.5 },
  };
}

function sum(n: number): Case {
  const shapes = [[n], [n]];
  const setup = op(shapes, (a, b) => add(a as Tensor, b as Tensor));
  return {
    name: `add of ${n}`,
    bound: 'copy',
    work: 12 * n,
    setup,
    proof: () => {
      const [a, b] = valuesOf(shapes) as [Float32Array, Float32Array];
      return { got: resultOf(setup), wanted: Array.from(a, (value, i) => value + (b[i] as number)) };
    },
    tolerance: 5e-7,
    task: { op: 'add', shapes },
  };
}

/** Sizes within the first-level cache, and beyond every cache. */
const sizes = [4096, 2 ** 22];

export const elementwise: Case[] = sizes.flatMap((n) => [
  unary('exp', exp, n),
  unary('tanh', tanh, n),
  unary('sigmoid', sigmoid, n),
  unary('gelu', gelu, n),
  unary('geluTanh', (x) => gelu(x, { approximate: 'tanh' }), n),
  unary('silu', silu, n),
  sum(n),
]);
