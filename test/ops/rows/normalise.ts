import { add, batchNorm, layerNorm, rmsNorm, sum } from '../../../src/ops/index.ts';
import { alongAxis, fold, type Plain, weighed as plainly, shaped, total, zip } from '../plain.ts';
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

const columns = (x: Plain) => shaped([x.values.length / 5, 5], x);
const meanOf = (x: Plain) => fold(columns(x), 0, (column) => total(column) / column.length);
const varianceOf = (x: Plain) =>
  fold(columns(x), 0, (column) => total(column.map((v) => (v - total(column) / column.length) ** 2)) / column.length);
const standard = (x: Plain, mean: Plain, variance: Plain, eps: number) => zip((v, m, s) => (v - m) / Math.sqrt(s + eps), x, mean, variance);
const batched = (x: Plain, eps: number) => standard(x, meanOf(x), varianceOf(x), eps);
const positive = { shape: [5], domain: [0.2, 2] as const };

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
  { op: 'batchNorm', f: (x) => weighed(batchNorm(x).output), inputs: [x], value: (x) => plainly(batched(x, 1e-5)) },
  {
    op: 'batchNorm',
    name: 'weight and bias',
    f: (x, weight, bias) => weighed(batchNorm(x, { weight, bias, eps: 0.1 }).output),
    inputs: [x, row, row],
    value: (x, weight, bias) => plainly(zip((v, w, b) => v * w + b, batched(x, 0.1), weight, bias)),
  },
  {
    op: 'batchNorm',
    name: 'its statistics',
    f: (x, weight) => {
      const { output, mean, variance } = batchNorm(x, { weight });
      return add(weighed(mean), add(weighed(variance), sum(weighed(output), { axis: [0, 1] })));
    },
    inputs: [x, row],
    value: (x, weight) => {
      const outputs = shaped([6, 5], plainly(zip((v, w) => v * w, batched(x, 1e-5), weight)));
      const sums = fold(outputs, 0, total);
      return zip((m, v, y) => m + v + y, plainly(meanOf(x)), plainly(varianceOf(x)), sums);
    },
  },
  {
    op: 'batchNorm',
    name: 'statistics given',
    f: (x, mean, variance, weight) => weighed(batchNorm(x, { mean, variance, weight }).output),
    inputs: [x, row, positive, row],
    value: (x, mean, variance, weight) => plainly(zip((v, w) => v * w, standard(x, mean, variance, 1e-5), weight)),
  },
];
