import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** Below 0 where `a` comes first: the smaller, NaN after all. */
function order(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The kernel of assembly/kernels/sort.ts in float64. */
export function sorting(cells: Cells) {
  return {
    topk(out, x, rows, n, k, descending) {
      const h = cells();
      for (let r = 0; r < rows; r++) {
        const at = (i: number) => h[x + r * n + i] as number;
        const places = Array.from({ length: n }, (_, i) => i);
        places.sort((i, j) => (descending ? order(at(j), at(i)) : order(at(i), at(j))) || i - j);
        h.set(places.slice(0, k), out + r * k);
      }
    },
  } satisfies Partial<Kernels>;
}
