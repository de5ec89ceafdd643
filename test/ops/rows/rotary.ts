import { rotary } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { at, make, type Plain } from '../plain.ts';
import type { OpRow } from '../row.ts';

const [B, H, T, D] = [2, 3, 2, 6];
const POSITIONS = [
  [4, 0],
  [1, 3],
];

/** Angles of some rates, as a table of cosines and sines. */
const angle = (position: number, i: number) => (position * 0.9) / 8 ** i;
const tableOf = (width: number) => {
  const row = (p: number) =>
    Array.from({ length: width }, (_, c) => (c < width / 2 ? Math.cos(angle(p, c)) : Math.sin(angle(p, c - width / 2))));
  return Float64Array.from(Array.from({ length: 5 }, (_, p) => row(p)).flat());
};

/** Element `d` of the row at `position`: the real or the imaginary part of `(a + ib) e^(iθ)`. */
const turned = (
  x: Plain,
  width: number,
  partner: (d: number) => readonly [pair: number, other: number, first: boolean],
  positions: number[][],
) =>
  make([B, H, T, D], ([b, h, t, d]) => {
    const [e, q, s, i] = [b, h, t, d] as [number, number, number, number];
    const own = at(x, [e, q, s, i]);
    if (i >= width) return own;
    const [pair, other, first] = partner(i);
    const theta = angle((positions[e] ?? positions[0])?.[s] as number, pair);
    return own * Math.cos(theta) + (first ? -1 : 1) * at(x, [e, q, s, other]) * Math.sin(theta);
  });

const halves = (width: number) => (d: number) => [d % (width / 2), (d + width / 2) % width, d < width / 2] as const;
const pairs = (d: number) => [Math.floor(d / 2), d % 2 ? d - 1 : d + 1, d % 2 === 0] as const;

const row = (name: string, layout: 'halves' | 'pairs' | undefined, width: number, positions: number[][]): OpRow => ({
  op: 'rotary',
  name,
  f: (x) =>
    rotary(
      x,
      tensor(tableOf(width), { shape: [5, width] }),
      tensor(Int32Array.from(positions.flat()), { shape: [positions.length, T] }),
      layout ? { layout } : {},
    ),
  inputs: [{ shape: [B, H, T, D] }],
  value: (x) => turned(x, width, layout === 'pairs' ? pairs : halves(width), positions),
});

export const turning: OpRow[] = [
  row('halves', undefined, D, POSITIONS),
  row('pairs', 'pairs', D, POSITIONS),
  row('a part, positions of all', 'halves', 4, [[2, 4]]),
  row('pairs of a part', 'pairs', 2, POSITIONS),
];
