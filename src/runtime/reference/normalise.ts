import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

const mean = (row: Float64Array) => row.reduce((sum, value) => sum + value, 0) / row.length;

/** The kernels of assembly/kernels/normalise.ts in float64. */
export function normalising(cells: Cells) {
  const rowOf = (p: number, r: number, n: number) => cells().subarray(p + r * n, p + (r + 1) * n);
  return {
    layerNorm(out, means, rstds, x, weight, bias, rows, n, eps) {
      if (n === 0) return;
      const h = cells();
      for (let r = 0; r < rows; r++) {
        const row = rowOf(x, r, n);
        const m = mean(row);
        const s = 1 / Math.sqrt(mean(row.map((value) => (value - m) ** 2)) + eps);
        h[means + r] = m;
        h[rstds + r] = s;
        const scale = (i: number) => (weight === 0 ? 1 : (h[weight + i] as number));
        const shift = (i: number) => (bias === 0 ? 0 : (h[bias + i] as number));
        rowOf(out, r, n).set(row.map((value, i) => (value - m) * s * scale(i) + shift(i)));
      }
    },
    layerNormBackward(dx, g, x, weight, means, rstds, rows, n) {
      const h = cells();
      for (let r = 0; r < rows; r++) {
        const slope = rowOf(g, r, n);
        const s = h[rstds + r] as number;
        const unit = rowOf(x, r, n).map((value) => (value - (h[means + r] as number)) * s);
        const scaled = slope.map((value, i) => value * (weight === 0 ? 1 : (h[weight + i] as number)));
        const level = mean(scaled);
        const along = mean(scaled.map((value, i) => value * (unit[i] as number)));
        rowOf(dx, r, n).set(scaled.map((value, i) => s * (value - level - (unit[i] as number) * along)));
      }
    },
    rmsNorm(out, rstds, x, weight, rows, n, eps) {
      if (n === 0) return;
      const h = cells();
      for (let r = 0; r < rows; r++) {
        const row = rowOf(x, r, n);
        const s = 1 / Math.sqrt(mean(row.map((value) => value ** 2)) + eps);
        h[rstds + r] = s;
        rowOf(out, r, n).set(row.map((value, i) => value * s * (weight === 0 ? 1 : (h[weight + i] as number))));
      }
    },
    rmsNormBackward(dx, g, x, weight, rstds, rows, n) {
      const h = cells();
      for (let r = 0; r < rows; r++) {
        const slope = rowOf(g, r, n);
        const s = h[rstds + r] as number;
        const unit = rowOf(x, r, n).map((value) => value * s);
        const scaled = slope.map((value, i) => value * (weight === 0 ? 1 : (h[weight + i] as number)));
        const along = mean(scaled.map((value, i) => value * (unit[i] as number)));
        rowOf(dx, r, n).set(scaled.map((value, i) => s * (value - (unit[i] as number) * along)));
      }
    },
    normWeightBackward(dweight, dbias, g, x, means, rstds, rows, n, from, to) {
      const h = cells();
      for (let j = from; j < to; j++) {
        let [along, level] = [0, 0];
        for (let r = 0; r < rows; r++) {
          const slope = h[g + r * n + j] as number;
          const centred = (h[x + r * n + j] as number) - (means === 0 ? 0 : (h[means + r] as number));
          along += slope * centred * (h[rstds + r] as number);
          level += slope;
        }
        if (dweight !== 0) h[dweight + j] = along;
        if (dbias !== 0) h[dbias + j] = level;
      }
    },
  } satisfies Partial<Kernels>;
}
