import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernel of assembly/kernels/scan.ts in float64. */
export function scanning(cells: Cells) {
  return {
    linearScan(out, x, a, outer, n, inner, reverse) {
      const h = cells();
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          let before = 0;
          for (let s = 0; s < n; s++) {
            const at = (o * n + (reverse ? n - 1 - s : s)) * inner + i;
            const factor = a === 0 ? 1 : (h[a + at] as number);
            before = (h[x + at] as number) + (s === 0 ? 0 : factor * before);
            h[out + at] = before;
          }
        }
    },
  } satisfies Partial<Kernels>;
}
