import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** `ln Σ e^x`. */
function logSum(...x: number[]): number {
  const top = Math.max(...x);
  return top === -Infinity ? top : top + Math.log(x.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** The kernel of assembly/kernels/ctc.ts in float64. */
export function aligning(cells: Cells) {
  return {
    ctc(out, posterior, x, skip, times, ends, outer, frames, n) {
      for (let o = 0; o < outer && n > 0 && frames > 0; o++) {
        const [all, time, end] = [cells(), cells()[times + o] as number, cells()[ends + o] as number];
        const jumps = (s: number) => s < end && all[skip + o * n + s] !== 0;
        const place = (t: number, s: number) => (o * frames + t) * n + s;
        const at = (t: number, s: number) => all[x + place(t, s)] as number;

        const alpha: number[][] = []; // ln of the sum over paths that end in s at t
        for (let t = 0; t < time; t++) {
          const before = (s: number) => (t === 0 ? (s === -1 ? 0 : -Infinity) : (alpha[t - 1]?.[s] ?? -Infinity));
          const from = (s: number) => logSum(before(s), before(s - 1), t === 0 ? before(s - 2) : jumps(s) ? before(s - 2) : -Infinity);
          alpha.push(Array.from({ length: end }, (_, s) => at(t, s) + from(s)));
        }
        const beta: number[][] = []; // ln of the sum over the rests of paths that are in s at t
        for (let t = time - 1; t >= 0; t--) {
          const behind = (s: number) => (s < end ? (beta[t + 1]?.[s] as number) + at(t + 1, s) : -Infinity);
          const on = (s: number) => logSum(behind(s), behind(s + 1), jumps(s + 2) ? behind(s + 2) : -Infinity);
          beta[t] = Array.from({ length: end }, (_, s) => (t < time - 1 ? on(s) : s >= end - 2 ? 0 : -Infinity));
        }
        const total = logSum(alpha[time - 1]?.[end - 1] ?? -Infinity, alpha[time - 1]?.[end - 2] ?? -Infinity);
        all[out + o] = -total;
        for (let t = 0; t < frames; t++) {
          for (let s = 0; s < n; s++) {
            const path = (alpha[t]?.[s] ?? -Infinity) + (beta[t]?.[s] ?? -Infinity) - total;
            all[posterior + place(t, s)] = total === -Infinity ? 0 : Math.exp(path);
          }
        }
      }
    },
  } satisfies Partial<Kernels>;
}
