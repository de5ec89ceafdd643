import type { KernelRow } from '../row.ts';

// Factors below 1 in size keep a running value below 3 / (1 − 0.9) = 30, of which each of the last ten steps loses 2^-24, twice.
const fading = { absolute: 30 * 20 * 2 ** -24 };

export const scanning: KernelRow[] = [
  {
    kernel: 'linearScan',
    name: 'rows',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), d.real(3 * n, -0.9, 0.9), 3, n, 1, 0],
    tolerance: fading,
    alias: [
      [0, 1],
      [0, 2],
    ],
  },
  {
    kernel: 'linearScan',
    name: 'columns, reverse',
    args: (n, d) => [d.out(10 * n), d.real(10 * n), d.real(10 * n, -0.9, 0.9), 2, 5, n, 1],
    tolerance: fading,
    alias: [[0, 1]],
  },
  // Values within ±3: n sums of at most 3n.
  {
    kernel: 'linearScan',
    name: 'sums, reverse',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), 0, 3, n, 1, 1],
    tolerance: { absolute: 100 * 40 * 2 ** -24 },
    alias: [[0, 1]],
  },
  {
    kernel: 'linearScan',
    name: 'sums of columns',
    args: (n, d) => [d.out(10 * n), d.real(10 * n), 0, 2, 5, n, 0],
    tolerance: { absolute: 15 * 5 * 2 ** -24 },
  },
];
