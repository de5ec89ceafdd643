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

/** A target for each of four rows, the second without one. */
const targets = (d: Draw, n: number): Range => {
  const drawn = d.int(4, Math.max(n, 1));
  return { ...drawn, values: drawn.values.map((k, r) => (r === 1 || n === 0 ? -1 : k)) };
};

/** What crossEntropy leaves for its gradient: some level and a larger or smaller mass, 0 for one row. */
const stats = (d: Draw): Range => {
  const drawn = d.real(8, 0.5, 4);
  return { ...drawn, values: drawn.values.map((value, i) => (i === 5 ? 0 : value)) };
};

/** Ordinary rows, of which the first has −∞ here and there and the third is all −∞. */
const plain = (d: Draw, n: number): Range => {
  const x = d.real(4 * n);
  const closed = (r: number, i: number) => r === 2 || (r === 0 && i % 3 === 1);
  return { ...x, values: x.values.map((value, i) => (closed(Math.floor(i / Math.max(n, 1)), i) ? -Infinity : value)) };
};

const losses = (name: string, smoothing: number): KernelRow[] => [
  // Up to 1e4 is a difference of x whose rounding is 2^-24 of it; the mean of n logarithms adds n / n of that.
  {
    kernel: 'crossEntropy',
    name,
    args: (n, d) => [d.out(4), d.inout(stats(d)), rowsOf(d, n), targets(d, n), 4, n, smoothing],
    tolerance: { relative: 1e-6, absolute: 1e-6 },
  },
  // |g| ≤ 3 and e^(x − m) ≤ e^2.5, over a mass of at least ½: 73, of which 2 ulp of exp and three roundings are 3.5 · 2^-23.
  {
    kernel: 'crossEntropyBackward',
    name,
    args: (n, d) => [d.out(4 * n), d.real(4), plain(d, n), stats(d), targets(d, n), 4, n, smoothing],
    tolerance: { absolute: 73 * 3.5 * 2 ** -23 },
  },
];

export const softmaxes: KernelRow[] = [
  ...losses('plain', 0),
  ...losses('smoothed', 0.1),
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
  {
    kernel: 'logSumExp',
    name: '∞, −∞ and NaN',
    args: (n, d) => {
      const x = d.real(3 * n);
      const odd = [[Infinity], [-Infinity, Infinity], [Infinity, Number.NaN]];
      const values = x.values.map((value, i) => odd[Math.floor(i / n)]?.[i % n] ?? value);
      return [d.out(3), { ...x, values }, 3, n];
    },
    tolerance: { relative: 3e-7, absolute: 6e-7 },
  },
  { kernel: 'logSumExp', args: (n, d) => [d.out(4), rowsOf(d, n), 4, n], tolerance: { relative: 3e-7, absolute: 6e-7 } },
];
