import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './index.ts';

export function reductions(cells: Cells) {
  return {
    sum(out, x, outer, n, inner) {
      const h = cells();
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          let total = 0;
          for (let k = 0; k < n; k++) total += h[x + (o * n + k) * inner + i] as number;
          h[out + o * inner + i] = total;
        }
    },
  } satisfies Partial<Kernels>;
}
