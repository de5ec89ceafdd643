import { layerNorm, rmsNorm } from '../../../src/ops/index.ts';
import { alongAxis, type Plain, weighed as plainly, total, zip } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

const x = { shape: [2, 3, 5] };
const row = { shape: [5] };

const normed = (x: Plain, eps: number) =>
  alongAxis(x, 2, (row) => {
    const mean = total(row) / row.length;
    const variance = total(row.map((v) => (v - mean) ** 2)) / row.length;
    return row.map((v) => (v - mean) / Math.sqrt(variance + eps));
  });

const rooted = (x: Plain, eps: number) =>
  alongAxis(x, 2, (row) => row.map((v) => v / Math.sqrt(total(row.map((u) => u * u)) / row.length + eps)));

export const normalising: OpRow[] = [
  { op: 'layerNorm', f: (x) => weighed(layerNorm(x)), inputs: [x], value: (x) => plainly(normed(x, 1e-5)) },
  {
    op: 'layerNorm',
    name: 'weight and bias',
    f: (x, weight, bias) => weighed(layerNorm(x, { weight, bias })),
    inputs: [x, row, row],
    value: (x, weight, bias) => plainly(zip((v, w, b) => v * w + b, normed(x, 1e-5), weight, bias)),
  },
  {
    op: 'layerNorm',
    name: 'bias',
    f: (x, bias) => weighed(layerNorm(x, { bias, eps: 0.1 })),
    inputs: [x, row],
    value: (x, bias) => plainly(zip((v, b) => v + b, normed(x, 0.1), bias)),
  },
  { op: 'rmsNorm', f: (x) => weighed(rmsNorm(x)), inputs: [x], value: (x) => plainly(rooted(x, 1e-6)) },
  {
    op: 'rmsNorm',
    name: 'weight',
    f: (x, weight) => weighed(rmsNorm(x, weight, { eps: 0.1 })),
    inputs: [x, row],
    value: (x, weight) => plainly(zip((v, w) => v * w, rooted(x, 0.1), weight)),
  },
];
