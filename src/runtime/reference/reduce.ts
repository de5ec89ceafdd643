import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** Calls `write(place in out, the n numbers x[o, ·, i])` for each o and i. */
function eachLine(
  h: Float64Array,
  x: number,
  outer: number,
  n: number,
  inner: number,
  write: (place: number, line: Float64Array) => void,
): void {
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const line = Float64Array.from({ length: n }, (_, k) => h[x + (o * n + k) * inner + i] as number);
      write(o * inner + i, line);
    }
}

/** Whether `a` comes before `b` as the largest: NaN before all. */
const above = (a: number, b: number) => a > b || (Number.isNaN(a) && !Number.isNaN(b));

/** The kernels of assembly/kernels/reduce.ts in float64. */
export function reductions(cells: Cells) {
  return {
    sum(out, x, outer, n, inner) {
      const h = cells();
      eachLine(h, x, outer, n, inner, (place, line) => {
        h[out + place] = line.reduce((total, value) => total + value, 0);
      });
    },
    max(out, x, outer, n, inner) {
      const h = cells();
      eachLine(h, x, outer, n, inner, (place, line) => {
        h[out + place] = line.reduce((best, value) => (above(value, best) ? value : best), -Infinity);
      });
    },
    argmax(out, x, outer, n, inner) {
      const h = cells();
      eachLine(h, x, outer, n, inner, (place, line) => {
        h[out + place] = line.reduce((at, value, k) => (above(value, line[at] as number) ? k : at), 0);
      });
    },
  } satisfies Partial<Kernels>;
}
