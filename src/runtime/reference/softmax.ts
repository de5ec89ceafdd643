import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** A row's largest, from which the exponents are measured, and 0 for a row of −∞. */
function highest(row: Float64Array): number {
  const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
  return top === -Infinity ? 0 : top;
}

const total = (row: Float64Array) => row.reduce((sum, value) => sum + value, 0);

/** Σ e^(x − m). */
const mass = (row: Float64Array, m: number) => total(row.map((value) => Math.exp(value - m)));

/** The kernels of assembly/kernels/softmax.ts in float64. */
export function softmaxes(cells: Cells) {
  const rowOf = (p: number, r: number, n: number) => cells().subarray(p + r * n, p + (r + 1) * n);
  return {
    softmax(out, x, rows, n) {
      for (let r = 0; r < rows; r++) {
        const row = rowOf(x, r, n);
        const m = highest(row);
        const sum = mass(row, m);
        rowOf(out, r, n).set(row.map((value) => (sum === 0 ? 0 : Math.exp(value - m) / sum)));
      }
    },
    softmaxBackward(dx, g, y, rows, n) {
      for (let r = 0; r < rows; r++) {
        const [slope, weights] = [rowOf(g, r, n), rowOf(y, r, n)];
        const mean = total(slope.map((value, i) => value * (weights[i] as number)));
        rowOf(dx, r, n).set(slope.map((value, i) => (weights[i] as number) * (value - mean)));
      }
    },
    logSoftmax(out, x, rows, n) {
      for (let r = 0; r < rows; r++) {
        const row = rowOf(x, r, n);
        const m = highest(row);
        const sum = mass(row, m);
        rowOf(out, r, n).set(row.map((value) => value - m - (sum === 0 ? 0 : Math.log(sum))));
      }
    },
    logSoftmaxBackward(dx, g, y, rows, n) {
      for (let r = 0; r < rows; r++) {
        const [slope, logs] = [rowOf(g, r, n), rowOf(y, r, n)];
        const sum = total(slope);
        rowOf(dx, r, n).set(slope.map((value, i) => value - Math.exp(logs[i] as number) * sum));
      }
    },
    logSumExp(out, x, rows, n) {
      const h = cells();
      for (let r = 0; r < rows; r++) {
        const row = rowOf(x, r, n);
        const m = highest(row);
        h[out + r] = m === Infinity ? m : m + Math.log(mass(row, m));
      }
    },
    crossEntropy(loss, stats, x, target, rows, n, smoothing) {
      const h = cells();
      for (let r = 0; r < rows; r++) {
        const k = h[target + r] as number;
        h[loss + r] = 0;
        if (k < 0) continue;
        const row = rowOf(x, r, n);
        const m = highest(row);
        const sum = mass(row, m);
        const logs = row.map((value) => value - m - (sum === 0 ? 0 : Math.log(sum)));
        h[stats + 2 * r] = m;
        h[stats + 2 * r + 1] = sum;
        const open = logs.filter((value) => value > -Infinity);
        const own = smoothing === 1 ? 0 : -(1 - smoothing) * (logs[k] as number);
        h[loss + r] = own - (smoothing === 0 || open.length === 0 ? 0 : (smoothing / open.length) * total(open));
      }
    },
    crossEntropyBackward(dx, g, x, stats, target, rows, n, smoothing) {
      const h = cells();
      for (let r = 0; r < rows; r++) {
        const k = h[target + r] as number;
        const [m, sum, slope] = [h[stats + 2 * r] as number, h[stats + 2 * r + 1] as number, h[g + r] as number];
        const weight = (value: number) => (sum === 0 ? 0 : Math.exp(value - m) / sum);
        const row = rowOf(x, r, n);
        const open = row.filter((value) => value !== -Infinity).length;
        const wanted = (value: number, i: number) => (value === -Infinity ? 0 : smoothing / open) + (i === k ? 1 - smoothing : 0);
        rowOf(dx, r, n).set(row.map((value, i) => (k < 0 ? 0 : slope * (weight(value) - wanted(value, i)))));
      }
    },
  } satisfies Partial<Kernels>;
}
