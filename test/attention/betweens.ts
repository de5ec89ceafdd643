// Rows of the module table: what happens between maps and score.
import { CombinedBetween, QKNorm, Rotary } from '../../src/attention/between.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import { causal } from '../../src/attention/window.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { beside, type ModuleRow, padding, real, row } from '../nn/row.ts';
import { T } from './table.ts';

/** Cosines and sines of t / (1 + i): a table whose angles are no powers. */
export function angles(length: number, width: number): Tensor {
  const half = width / 2;
  const of = (f: (x: number) => number, t: number) => Array.from({ length: half }, (_, i) => f(t / (1 + i)));
  const rows = Array.from({ length }, (_, t) => [...of(Math.cos, t), ...of(Math.sin, t)]);
  return tensor(Float64Array.from(rows.flat()), { shape: [length, width] });
}

/** Places of T tokens in each example: from its number on. */
const places = (examples: readonly number[]) =>
  tensor(Int32Array.from(examples.flatMap((e) => Array.from({ length: T }, (_, t) => e + t))), { shape: [examples.length, T] });

type Betweens = { query(x: Tensor, positions: Tensor): Tensor; key(x: Tensor, positions: Tensor): Tensor };

/** Queries of two heads at the places of their example, keys of one at those from 0 on. */
const both = (module: Betweens, examples: readonly number[], width = 6) =>
  beside(module.query(real(examples, [2, T, width], 1), places(examples)), module.key(real(examples, [1, T, width], 2), first()));

const first = () =>
  tensor(
    Int32Array.from({ length: T }, (_, t) => t),
    { shape: [1, T] },
  );

export const betweens: ModuleRow[] = [
  row({
    module: 'Rotary',
    name: 'halves',
    build: () => new Rotary({ table: angles(9, 6) }),
    fixed: true,
    call: (module, examples) => both(module, examples),
  }),
  row({
    module: 'Rotary',
    name: 'pairs of a part of the width',
    build: () => new Rotary({ table: angles(9, 4), layout: 'pairs' }),
    fixed: true,
    call: (module, examples) => both(module, examples),
  }),
  row({
    module: 'QKNorm',
    build: () => new QKNorm({ size: 6 }),
    fixed: true,
    constant: ['weight'],
    call: (module, examples) => beside(module.query(real(examples, [2, T, 6], 1)), module.key(real(examples, [1, T, 6], 2))),
  }),
  row({
    module: 'QKNorm',
    name: 'without weights',
    build: () => new QKNorm({ size: 6, weight: false, eps: 0.01 }),
    fixed: true,
    call: (module, examples) => beside(module.query(real(examples, [2, T, 6], 1)), module.key(real(examples, [1, T, 6], 2))),
  }),
  row({
    module: 'CombinedBetween',
    build: () => new CombinedBetween(new QKNorm({ size: 6 }), new Rotary({ table: angles(9, 6) })),
    fixed: true,
    constant: ['weight'],
    call: (module, examples) => both(module, examples),
  }),
  row({
    module: 'MultiHead',
    name: 'normed, turned, of a width and scale of its own',
    build: (key) => {
      const between = new CombinedBetween(new QKNorm({ size: 4 }), new Rotary({ table: angles(T, 4) }));
      return new MultiHead({ query: 6, key: 6, heads: 2, keyHeads: 1, headSize: 4, scale: 0.7, bias: false, window: causal, between }, key);
    },
    constant: ['norm.weight'],
    call: (module, examples) => {
      const x = real(examples, [T, 6], 1);
      const { output, weights } = module.forward(x, x, x, { mask: padding(examples, T) });
      return beside(output, weights);
    },
  }),
];
