import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The largest k of which the k-th largest still lies above the threshold of the k largest gives it (Martins and Astudillo 2016, Algorithm 1). */
function threshold(row: Float64Array): number {
  const sorted = row.toSorted((a, b) => b - a);
  let total = 0;
  let level = 0;
  sorted.forEach((value, i) => {
    if (value === -Infinity) return;
    total += value;
    if (1 + (i + 1) * value > total) level = (total - 1) / (i + 1);
  });
  return level;
}

/** The kernels of assembly/kernels/sparsemax.ts in float64. */
export function sparsemaxes(cells: Cells) {
  const rowOf = (p: number, r: number, n: number) => cells().subarray(p + r * n, p + (r + 1) * n);
  return {
    sparsemax(out, x, rows, n) {
      for (let r = 0; r < rows; r++) {
        const row = rowOf(x, r, n);
        const level = row.includes(Number.NaN) || row.includes(Infinity) ? Number.NaN : threshold(row);
        rowOf(out, r, n).set(row.map((value) => Math.max(value - level, 0)));
      }
    },
    sparsemaxBackward(dx, g, y, rows, n) {
      for (let r = 0; r < rows; r++) {
        const [slope, weights] = [rowOf(g, r, n), rowOf(y, r, n)];
        const chosen = slope.filter((_, i) => weights[i] !== 0);
        const mean = chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
        rowOf(dx, r, n).set(slope.map((value, i) => (weights[i] === 0 ? 0 : value - mean)));
      }
    },
  } satisfies Partial<Kernels>;
}
