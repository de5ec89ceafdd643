import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/batch-norm.ts in float64. */
export function columnNorms(cells: Cells) {
  const column = (p: number, j: number, rows: number, n: number) =>
    Array.from({ length: rows }, (_, r) => cells()[p + r * n + j] as number);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    batchNorm(out, means, variances, rstds, x, weight, bias, rows, n, eps, from, to) {
      const h = cells();
      if (rows === 0) return;
      for (let j = from; j < to; j++) {
        const values = column(x, j, rows, n);
        const m = mean(values);
        const v = mean(values.map((value) => (value - m) ** 2));
        const s = 1 / Math.sqrt(v + eps);
        h[means + j] = m;
        h[variances + j] = v;
        h[rstds + j] = s;
        const [scale, shift] = [weight === 0 ? 1 : (h[weight + j] as number), bias === 0 ? 0 : (h[bias + j] as number)];
        values.forEach((value, r) => {
          h[out + r * n + j] = (value - m) * s * scale + shift;
        });
      }
    },
    batchNormBackward(dx, dweight, dbias, g, x, weight, means, rstds, rows, n, from, to) {
      const h = cells();
      if (rows === 0) return;
      for (let j = from; j < to; j++) {
        const s = h[rstds + j] as number;
        const slopes = column(g, j, rows, n);
        const units = column(x, j, rows, n).map((value) => (value - (h[means + j] as number)) * s);
        const level = mean(slopes);
        const along = mean(slopes.map((slope, r) => slope * (units[r] as number)));
        h[dbias + j] = level * rows;
        h[dweight + j] = along * rows;
        const scale = s * (weight === 0 ? 1 : (h[weight + j] as number));
        slopes.forEach((slope, r) => {
          h[dx + r * n + j] = scale * (slope - level - (units[r] as number) * along);
        });
      }
    },
  } satisfies Partial<Kernels>;
}
