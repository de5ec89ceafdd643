// Rows of the module table: changes between maps and score, and what goes by distance.
import { CombinedBetween, QKNorm, Rotary } from '../../src/attention/between.ts';
import { alibi, DistanceBias, RelativePositions } from '../../src/attention/distance.ts';
import { MultiHead, type MultiHeadOptions } from '../../src/attention/multi-head.ts';
import { CombinedWindow, causal, sliding } from '../../src/attention/window.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { beside, type ModuleRow, padding, real, row } from '../nn/row.ts';
import { S, T } from './table.ts';

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

/** What a window is told: queries from the place of their example on. */
const context = (examples: readonly number[]) => ({
  query: real(examples, [T, 6], 1),
  mask: undefined,
  state: { place: tensor(Int32Array.from(examples), { shape: [examples.length, 1] }) },
});

/** Two heads over themselves. */
const heads = (name: string, parts: (key: Key) => Partial<MultiHeadOptions>): ModuleRow =>
  row({
    module: 'MultiHead',
    name,
    build: (key) => new MultiHead({ query: 6, key: 6, heads: 2, bias: false, ...parts(key) }, key),
    call: (module, examples) => {
      const x = real(examples, [T, 6], 1);
      const { output, weights } = module.forward(x, x, x, { mask: padding(examples, T) });
      return beside(output, weights);
    },
  });

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
  row({
    module: 'DistanceBias',
    build: (key) => new DistanceBias({ heads: 1, buckets: 8, distance: 5 }, key),
    call: (window, examples) => window.limit(real(examples, [T, S], 2), context(examples)).scores,
  }),
  row({
    module: 'DistanceBias',
    name: 'in one direction',
    build: (key) => new DistanceBias({ heads: 1, buckets: 4, distance: 5, bidirectional: false }, key),
    call: (window, examples) => window.limit(real(examples, [T, S], 2), context(examples)).scores,
  }),
  row({
    module: 'RelativePositions',
    build: (key) => new RelativePositions({ size: 6, reach: 2 }, key),
    call: (window, examples) => {
      const told = context(examples);
      const read = window.beside?.read(real(examples, [T, S], 3), told.state) as Tensor;
      return beside(window.limit(real(examples, [T, S], 2), told).scores, read);
    },
  }),
  heads('relative positions', (key) => ({
    window: new CombinedWindow(causal, new RelativePositions({ size: 3, reach: 2 }, key)),
  })),
  heads('a bias by distance, of grouped heads of a width and scale of their own', (key) => ({
    ...{ headSize: 4, keyHeads: 1, scale: 1 },
    window: new DistanceBias({ heads: 2, buckets: 8, distance: 5 }, key),
  })),
  heads('slopes in a window, capped', () => ({
    window: new CombinedWindow(sliding({ before: 2, after: 1 }), alibi([0.5, 0.0625])),
    softcap: 0.8,
  })),
];
