import { scratchOf } from '../../../src/runtime/scratch.ts';
import type { Draw, KernelRow, Range } from '../row.ts';

const panels = (n: number, width: number) => Math.ceil(n / width) * width;

/** A sum of `k` products of operands in [-3, 3): k roundings of at most |sum of magnitudes| · 2⁻²⁴, well below this. */
const tolerance = { absolute: 2e-5 };

/** A `rows` × `columns` result inside rows `stride` apart: what lies between must not change. */
const within = (d: Draw, rows: number, stride: number): Range => d.inout(d.real(rows * stride));

const packed = (d: Draw, m: number, n: number, k: number, beta: 0 | 1) => [
  within(d, m, n + 3),
  d.real(panels(m, 4) * k),
  d.real(panels(n, 8) * k),
  m,
  n,
  k,
  n + 3,
  beta,
];

/** Operands plain, or stored transposed; sums from 0 or from a bias. */
const plain = (d: Draw, m: number, n: number, k: number, from: 0 | 'bias', left: boolean, right: boolean) => [
  within(d, m, n + 3),
  d.real(m * k),
  d.real(k * n),
  from === 'bias' ? d.real(n) : 0,
  ...[m, n, k],
  ...(left ? [1, m] : [k, 1]),
  ...(right ? [1, k] : [n, 1]),
  n + 3,
  d.scratch(scratchOf('matmul', { m, n, k })),
];

/** Right operand packed, left plain or stored transposed. */
const panelled = (d: Draw, m: number, n: number, k: number, from: 0 | 'bias', left: boolean) => [
  within(d, m, n + 3),
  d.real(m * k),
  d.real(panels(n, 8) * k),
  from === 'bias' ? d.real(n) : 0,
  ...[m, n, k],
  ...(left ? [1, m] : [k, 1]),
  n + 3,
  d.scratch(scratchOf('matmulPanels', { m, k })),
];

const layouts = [
  { name: 'plain', left: false, right: false },
  { name: 'right transposed', left: false, right: true },
  { name: 'left transposed', left: true, right: false },
  { name: 'both transposed', left: true, right: true },
];

const EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33] as const;

export const products: KernelRow[] = [
  { kernel: 'packRows', args: (n, d) => [d.out(panels(n, 4) * 5), d.real(n * 5), n, 5, 5, 1], tolerance: {} },
  { kernel: 'packRows', name: 'depth', args: (n, d) => [d.out(8 * n), d.real(6 * n), 6, n, n, 1], tolerance: {} },
  { kernel: 'packRows', name: 'of the transpose', args: (n, d) => [d.out(panels(n, 4) * 5), d.real(n * 5), n, 5, 1, n], tolerance: {} },
  { kernel: 'packRows', name: 'any strides', args: (n, d) => [d.out(panels(n, 4) * 5), d.real(n * 30), n, 5, 30, 6], tolerance: {} },
  { kernel: 'packColumns', args: (n, d) => [d.out(panels(n, 8) * 5), d.real(n * 5), 5, n, n, 1], tolerance: {} },
  { kernel: 'packColumns', name: 'depth', args: (n, d) => [d.out(16 * n), d.real(13 * n), n, 13, 13, 1], tolerance: {} },
  { kernel: 'packColumns', name: 'of the transpose', args: (n, d) => [d.out(16 * n), d.real(13 * n), n, 13, 1, n], tolerance: {} },
  { kernel: 'packColumns', name: 'any strides', args: (n, d) => [d.out(panels(n, 8) * 5), d.real(n * 30), 5, n, 6, 30], tolerance: {} },
  { kernel: 'matmulPacked', name: 'rows', lengths: EDGES, args: (n, d) => packed(d, n, 9, 7, 0), tolerance },
  { kernel: 'matmulPacked', name: 'columns', lengths: EDGES, args: (n, d) => packed(d, 5, n, 7, 1), tolerance },
  { kernel: 'matmulPacked', name: 'depth', lengths: EDGES, args: (n, d) => packed(d, 5, 9, n, 0), tolerance: { absolute: 3e-5 } },
  // Beyond one block of depth and one of rows: 600 terms of at most 9 round to 600 · 2⁻²⁴ · Σ|a·b|/2 ≈ 0.02 at the very worst; drawn terms stay far below.
  {
    kernel: 'matmulPacked',
    name: 'blocks',
    lengths: [255, 256, 257, 600],
    args: (n, d) => packed(d, 131, 9, n, 1),
    tolerance: { absolute: 2e-4 },
  },
  { kernel: 'matmulPanels', name: 'rows', lengths: EDGES, args: (n, d) => panelled(d, n, 9, 7, 0, false), tolerance },
  { kernel: 'matmulPanels', name: 'columns', lengths: [...EDGES, 50], args: (n, d) => panelled(d, 5, n, 7, 'bias', false), tolerance },
  { kernel: 'matmulPanels', name: 'left transposed', lengths: EDGES, args: (n, d) => panelled(d, n, 9, 7, 'bias', true), tolerance },
  {
    kernel: 'matmulPanels',
    name: 'blocks',
    lengths: [0, 1, 256, 515],
    args: (n, d) => panelled(d, 130, 27, n, 0, false),
    tolerance: { absolute: 2e-4 },
  },
  { kernel: 'matmulPanels', name: 'from a bias', lengths: EDGES, args: (n, d) => panelled(d, n, 27, 7, 'bias', false), tolerance },
  { kernel: 'matmulPanels', name: 'many columns', lengths: [129, 200], args: (n, d) => panelled(d, 5, n, 7, 'bias', false), tolerance },
  {
    kernel: 'matmulPanels',
    name: 'blocks from a bias',
    lengths: [0, 1, 256, 515],
    args: (n, d) => panelled(d, 130, 27, n, 'bias', false),
    tolerance: { absolute: 2e-4 },
  },
  {
    kernel: 'matmulBatch',
    lengths: EDGES,
    args: (n, d) => [
      d.out(6 * 5 * n),
      d.real(6 * 5 * 7),
      d.real(3 * 7 * n),
      ...[5, n, 7],
      ...[7, 1, n, 1],
      ...[2, 3],
      ...[105, 35],
      ...[0, 7 * n],
      d.scratch(scratchOf('matmulBatch', { m: 5, n, k: 7 })),
    ],
    tolerance,
  },
  {
    kernel: 'matmulBatch',
    name: 'transposed, stretched',
    lengths: [0, 1, 4, 9],
    args: (n, d) => [
      d.out(n * 2 * 6 * 8),
      d.real(n * 6 * 5),
      d.real(2 * 8 * 5),
      ...[6, 8, 5],
      ...[1, 6, 1, 5],
      ...[n, 2],
      ...[30, 0],
      ...[0, 40],
      d.scratch(scratchOf('matmulBatch', { m: 6, n: 8, k: 5 })),
    ],
    tolerance,
  },
  ...layouts.flatMap(({ name, left, right }): KernelRow[] => [
    { kernel: 'matmul', name: `${name}, rows`, lengths: EDGES, args: (n, d) => plain(d, n, 9, 7, 0, left, right), tolerance },
    {
      kernel: 'matmul',
      name: `${name}, rows from a bias`,
      lengths: EDGES,
      args: (n, d) => plain(d, n, 41, 7, 'bias', left, right),
      tolerance,
    },
    {
      kernel: 'matmul',
      name: `${name}, columns from a bias`,
      lengths: [...EDGES, 64, 65],
      args: (n, d) => plain(d, 9, n, 7, 'bias', left, right),
      tolerance,
    },
    // So many more columns than rows that threads divide them.
    {
      kernel: 'matmul',
      name: `${name}, many columns`,
      lengths: [129, 200],
      args: (n, d) => plain(d, 9, n, 7, 'bias', left, right),
      tolerance,
    },
    {
      kernel: 'matmul',
      name: `${name}, columns`,
      lengths: [...EDGES, 64, 65],
      args: (n, d) => plain(d, 5, n, 7, 'bias', left, right),
      tolerance,
    },
    {
      kernel: 'matmul',
      name: `${name}, depth`,
      lengths: EDGES,
      args: (n, d) => plain(d, 8, 9, n, 0, left, right),
      tolerance: { absolute: 3e-5 },
    },
    {
      kernel: 'matmul',
      name: `${name}, blocks`,
      lengths: [0, 1, 256, 515],
      args: (n, d) => plain(d, 131, 35, n, 'bias', left, right),
      tolerance: { absolute: 2e-4 },
    },
    {
      kernel: 'matmul',
      name: `${name}, one row`,
      lengths: [...EDGES, 300],
      args: (n, d) => plain(d, 1, n, 39, 'bias', left, right),
      tolerance: { absolute: 5e-5 },
    },
    {
      kernel: 'matmul',
      name: `${name}, few rows`,
      lengths: [1, 2, 4, 7],
      args: (n, d) => plain(d, n, 51, 270, 'bias', left, right),
      tolerance: { absolute: 1e-4 },
    },
    {
      kernel: 'matmul',
      name: `${name}, few columns`,
      lengths: [1, 2, 4, 7],
      args: (n, d) => plain(d, 35, n, 270, 'bias', left, right),
      tolerance: { absolute: 1e-4 },
    },
    {
      kernel: 'matmul',
      name: `${name}, columns in parts`,
      lengths: [65, 130],
      args: (n, d) => plain(d, 66, n, 9, 0, left, right),
      tolerance: { absolute: 3e-5 },
    },
    {
      kernel: 'matmul',
      name: `${name}, few terms`,
      lengths: [1, 2, 3, 4, 5],
      args: (n, d) => plain(d, 33, 39, n, 0, left, right),
      tolerance,
    },
    {
      kernel: 'matmul',
      name: `${name}, few terms in runs`,
      lengths: [32, 33, 34, 35, 511, 512, 1019, 1020],
      args: (n, d) => plain(d, 32, n, 3, 0, left, right),
      tolerance,
    },
    {
      kernel: 'matmul',
      name: `${name}, packed left`,
      lengths: [0, 1, 4, 6, 129],
      args: (n, d) => plain(d, n, 67, 61, 0, left, right),
      tolerance: { absolute: 5e-5 },
    },
  ]),
];
