import type { Draw, KernelRow, Range } from '../row.ts';

/** Five rows: ordinary, masked here and there, all −∞, close together (all in the support), and with NaN. */
const rowsOf = (d: Draw, n: number): Range => {
  const x = d.real(5 * n);
  const values = x.values.map((value, i) => {
    const row = Math.floor(i / Math.max(n, 1));
    if (row === 1) return i % 3 === 1 ? -Infinity : value;
    if (row === 2) return -Infinity;
    if (row === 3) return Math.fround(value / 1000);
    return row === 4 && i % 7 === 3 ? Number.NaN : value;
  });
  return { ...x, values };
};

/** Weights of which a third is 0, and a row of zeros. */
const weights = (d: Draw, n: number): Range => {
  const y = d.real(3 * n, 0.01, 1);
  return { ...y, values: y.values.map((value, i) => (i % 3 === 1 || i >= 2 * n ? 0 : value)) };
};

export const sparsemaxes: KernelRow[] = [
  // x − top is rounded at up to 6, hence 2^-22; the sum of n / 4 parts of at most 1 in each lane, over k, and the threshold's last step.
  { kernel: 'sparsemax', args: (n, d) => [d.out(5 * n), rowsOf(d, n), 5, n], tolerance: { absolute: 8e-7 }, alias: [[0, 1]] },
  // The mean of at most 67 numbers within ±3.
  {
    kernel: 'sparsemaxBackward',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), weights(d, n), 3, n],
    tolerance: { absolute: 1.5e-6 },
    alias: [
      [0, 1],
      [0, 2],
    ],
  },
];
