import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernel of assembly/kernels/rotary.ts in float64. */
export function turning(cells: Cells) {
  return {
    rotary(out, x, table, index, batch, heads, queries, depth, width, indexStride, pairs, sign) {
      const h = cells();
      const half = width / 2;
      for (let row = 0; row < batch * heads * queries; row++) {
        const [b, t] = [Math.floor(row / (heads * queries)), row % queries];
        const from = Array.from(h.subarray(x + row * depth, x + (row + 1) * depth));
        const to = out + row * depth;
        const angles = table + (h[index + b * indexStride + t] as number) * width;
        from.forEach((value, i) => {
          h[to + i] = value;
        });
        for (let j = 0; j < half; j++) {
          const [p, q] = pairs ? [2 * j, 2 * j + 1] : [j, j + half];
          const [a, c] = [from[p], from[q]] as [number, number];
          const [cos, sin] = [h[angles + j], sign * (h[angles + half + j] as number)] as [number, number];
          h[to + p] = a * cos - c * sin;
          h[to + q] = c * cos + a * sin;
        }
      }
    },
  } satisfies Partial<Kernels>;
}
