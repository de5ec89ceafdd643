import type { KernelRow } from '../row.ts';

// rstd lies between 0.4 and 316 (a row of one element); x̂ within ±√n.
const tolerance = { relative: 1e-6, absolute: 5e-6 };

const statistics = (d: Parameters<KernelRow['args']>[1]) => [d.real(3, -0.2, 0.2), d.real(3, 0.4, 0.8)] as const;

const columns = (d: Parameters<KernelRow['args']>[1], n: number) => [d.real(n, -0.2, 0.2), d.real(n, 0.4, 0.8)] as const;

export const normalising: KernelRow[] = [
  {
    kernel: 'layerNorm',
    args: (n, d) => [d.out(3 * n), d.out(n ? 3 : 0), d.out(n ? 3 : 0), d.real(3 * n), d.real(n), d.real(n), 3, n, 1e-5],
    tolerance,
    alias: [[0, 3]],
  },
  {
    kernel: 'layerNorm',
    name: 'bare',
    args: (n, d) => [d.out(3 * n), d.out(n ? 3 : 0), d.out(n ? 3 : 0), d.real(3 * n), 0, 0, 3, n, 1e-5],
    tolerance,
  },
  {
    kernel: 'layerNorm',
    name: 'weight only',
    args: (n, d) => [d.out(3 * n), d.out(n ? 3 : 0), d.out(n ? 3 : 0), d.real(3 * n), d.real(n), 0, 3, n, 1e-5],
    tolerance,
  },
  {
    kernel: 'layerNorm',
    name: 'bias only',
    args: (n, d) => [d.out(3 * n), d.out(n ? 3 : 0), d.out(n ? 3 : 0), d.real(3 * n), 0, d.real(n), 3, n, 1e-5],
    tolerance,
  },
  {
    kernel: 'layerNormBackward',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), d.real(3 * n), d.real(n), ...statistics(d), 3, n],
    tolerance,
    alias: [[0, 1]],
  },
  {
    kernel: 'layerNormBackward',
    name: 'bare',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), d.real(3 * n), 0, ...statistics(d), 3, n],
    tolerance,
  },
  {
    kernel: 'rmsNorm',
    args: (n, d) => [d.out(3 * n), d.out(n ? 3 : 0), d.real(3 * n), d.real(n), 3, n, 1e-6],
    tolerance,
    alias: [[0, 2]],
  },
  {
    kernel: 'rmsNorm',
    name: 'bare',
    args: (n, d) => [d.out(3 * n), d.out(n ? 3 : 0), d.real(3 * n), 0, 3, n, 0.25],
    tolerance,
    alias: [[0, 2]],
  },
  {
    kernel: 'rmsNormBackward',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), d.real(3 * n), d.real(n), d.real(3, 0.4, 0.8), 3, n],
    tolerance,
    alias: [[0, 1]],
  },
  {
    kernel: 'rmsNormBackward',
    name: 'bare',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), d.real(3 * n), 0, d.real(3, 0.4, 0.8), 3, n],
    tolerance,
  },
  {
    kernel: 'normWeightBackward',
    args: (n, d) => [d.out(n), d.out(n), d.real(3 * n), d.real(3 * n), ...statistics(d), 3, n, 0, n],
    tolerance,
  },
  {
    kernel: 'normWeightBackward',
    name: 'of roots, many rows',
    lengths: [0, 1, 2, 31, 32, 33, 70],
    args: (n, d) => [d.out(13), 0, d.real(13 * n), d.real(13 * n), 0, d.real(n, 0.4, 0.8), n, 13, 0, 13],
    tolerance: { absolute: 5e-5 },
  },
  {
    kernel: 'normWeightBackward',
    name: 'bias only',
    lengths: [0, 1, 2, 31, 32, 33, 70],
    args: (n, d) => [0, d.out(29), d.real(29 * n), d.real(29 * n), d.real(n), d.real(n, 0.4, 0.8), n, 29, 0, 29],
    tolerance: { absolute: 5e-5 },
  },
  {
    kernel: 'batchNorm',
    args: (n, d) => [d.out(7 * n), d.out(n), d.out(n), d.out(n), d.real(7 * n), d.real(n), d.real(n), 7, n, 1e-5, 0, n],
    tolerance,
  },
  {
    kernel: 'batchNorm',
    name: 'bare, many rows',
    lengths: [0, 1, 2, 255, 256, 257, 600],
    args: (n, d) => [d.out(5 * n), d.out(n && 5), d.out(n && 5), d.out(n && 5), d.real(5 * n), 0, 0, n, 5, 0.1, 0, 5],
    tolerance,
  },
  {
    kernel: 'batchNormBackward',
    args: (n, d) => [d.out(7 * n), d.out(n), d.out(n), d.real(7 * n), d.real(7 * n), d.real(n), ...columns(d, n), 7, n, 0, n],
    tolerance: { absolute: 2e-5 },
  },
  {
    kernel: 'batchNormBackward',
    name: 'bare, many rows',
    lengths: [0, 1, 2, 255, 256, 257, 600],
    args: (n, d) => [d.out(5 * n), d.out(n && 5), d.out(n && 5), d.real(5 * n), d.real(5 * n), 0, ...columns(d, 5), n, 5, 0, 5],
    tolerance: { absolute: 5e-4 }, // sums of up to 600 terms of up to 9
  },
];
