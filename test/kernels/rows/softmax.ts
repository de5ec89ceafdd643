import type { Draw, KernelRow, Range } from '../row.ts';

/** Four rows: ordinary, masked here and there, all −∞, and of large values. */
const rowsOf = (d: Draw, n: number): Range => {
  const x = d.real(4 * n);
  const values = x.values.map((value, i) => {
    const row = Math.floor(i / Math.max(n, 1));
    if (row === 1) return i % 3 === 1 ? -Infinity : value;
    if (row === 2) return -Infinity;
    return row === 3 ? Math.fround(value * 1e4) : value;
  });
  return { ...x, values };
};

/** The logarithms of weights. */
const logs = (d: Draw, size: number) => d.real(size, -9, 0);

// Weights: `exp` to 2 ulp, x − m rounded (half an ulp of at most 6, so 2.4e-7 of the weight), the sum, the reciprocal and the product.
const weights = { relative: 1e-6, absolute: 1e-38 };

export const softmaxes: KernelRow[] = [
  { kernel: 'softmax', args: (n, d) => [d.out(4 * n), rowsOf(d, n), 4, n], tolerance: weights, alias: [[0, 1]] },
  {
    kernel: 'softmaxBackward',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), d.real(3 * n, 0, 2 / (n + 1)), 3, n],
    tolerance: { absolute: 1e-6 },
    alias: [
      [0, 1],
      [0, 2],
    ],
  },
  { kernel: 'logSoftmax', args: (n, d) => [d.out(4 * n), rowsOf(d, n), 4, n], tolerance: { absolute: 1e-6 }, alias: [[0, 1]] },
  {
    kernel: 'logSoftmaxBackward',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), logs(d, 3 * n), 3, n],
    tolerance: { relative: 1e-6, absolute: 1e-5 },
    alias: [
      [0, 1],
      [0, 2],
    ],
  },
  { kernel: 'logSumExp', args: (n, d) => [d.out(4), rowsOf(d, n), 4, n], tolerance: { relative: 3e-7, absolute: 6e-7 } },
];
