import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/gather.ts in float64. */
export function gathering(cells: Cells) {
  return {
    gather(out, x, index, count, width) {
      const h = cells();
      for (let i = 0; i < count; i++) {
        const from = x + (h[index + i] as number) * width;
        h.copyWithin(out + i * width, from, from + width);
      }
    },
    scatterAdd(out, x, index, count, width) {
      const h = cells();
      for (let i = 0; i < count; i++)
        for (let j = 0; j < width; j++) {
          const to = out + (h[index + i] as number) * width + j;
          h[to] = (h[to] as number) + (h[x + i * width + j] as number);
        }
    },
    pick(out, x, index, outer, n, inner) {
      const h = cells();
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          const k = h[index + o * inner + i] as number;
          h[out + o * inner + i] = k < 0 ? 0 : (h[x + (o * n + k) * inner + i] as number);
        }
    },
    pickBackward(dx, g, index, outer, n, inner) {
      const h = cells();
      h.fill(0, dx, dx + outer * n * inner);
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          const k = h[index + o * inner + i] as number;
          if (k >= 0) h[dx + (o * n + k) * inner + i] = h[g + o * inner + i] as number;
        }
    },
  } satisfies Partial<Kernels>;
}
