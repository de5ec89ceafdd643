import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/attention.ts in float64. */
export function attending(cells: Cells) {
  return {
    additiveScore(out, q, k, v, batch, queries, keys, width) {
      const h = cells();
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < queries; t++)
          for (let s = 0; s < keys; s++) {
            const query = q + (b * queries + t) * width;
            const key = k + (b * keys + s) * width;
            let total = 0;
            for (let a = 0; a < width; a++) total += (h[v + a] as number) * Math.tanh((h[query + a] as number) + (h[key + a] as number));
            h[out + (b * queries + t) * keys + s] = total;
          }
    },

    additiveScoreBackward(dq, dk, dv, g, q, k, v, batch, queries, keys, width, from, to) {
      const h = cells();
      const clear = (at: number, rows: number) => {
        for (let row = 0; row < rows; row++) h.fill(0, at + row * width + from, at + row * width + to);
      };
      clear(dq, batch * queries);
      clear(dk, batch * keys);
      clear(dv, 1);
      const add = (at: number, x: number) => {
        h[at] = (h[at] as number) + x;
      };
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < queries; t++)
          for (let s = 0; s < keys; s++) {
            const query = (b * queries + t) * width;
            const key = (b * keys + s) * width;
            const slope = h[g + (b * queries + t) * keys + s] as number;
            for (let a = from; a < to; a++) {
              const y = Math.tanh((h[q + query + a] as number) + (h[k + key + a] as number));
              const u = slope * (h[v + a] as number) * (1 - y * y);
              add(dv + a, slope * y);
              add(dq + query + a, u);
              add(dk + key + a, u);
            }
          }
    },
  } satisfies Partial<Kernels>;
}
