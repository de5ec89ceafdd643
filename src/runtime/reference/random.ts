import type { Kernels } from '../generated/kernels.ts';
import { threefry } from '../threefry.ts';
import type { Cells } from './cells.ts';

/** [0, 1) from 24 bits. */
const closed = (word: number) => (word >>> 8) / 2 ** 24;

/** (0, 1) from 23 bits. */
const open = (word: number) => ((word >>> 9) + 0.5) / 2 ** 23;

const gumbelOf = (word: number) => -Math.log(-Math.log(open(word)));

/** The kernels of assembly/kernels/random.ts in float64. */
export function drawing(cells: Cells) {
  return {
    uniform(out, n, k0, k1, low, high, start) {
      const h = cells();
      for (let i = 0; i < n; i++) h[out + i] = low + (high - low) * closed(threefry(k0, k1, 0, start + i)[0]);
    },

    normal(out, n, k0, k1, mean, std, start) {
      const h = cells();
      for (let i = 0; i < n; i++) {
        const [first, second] = threefry(k0, k1, 0, start + i);
        h[out + i] = mean + std * Math.sqrt(-2 * Math.log(open(first))) * Math.cos(2 * Math.PI * closed(second));
      }
    },

    gumbel(out, n, k0, k1, start) {
      const h = cells();
      for (let i = 0; i < n; i++) h[out + i] = gumbelOf(threefry(k0, k1, 0, start + i)[0]);
    },

    categorical(out, logits, rows, n, k0, k1, start) {
      const h = cells();
      for (let r = 0; r < rows; r++) {
        let most = -Infinity;
        h[out + r] = -1;
        for (let j = 0; j < n; j++) {
          const value = (h[logits + r * n + j] as number) + gumbelOf(threefry(k0, k1, 0, (start + r) * n + j)[0]);
          if (value > most) {
            most = value;
            h[out + r] = j;
          }
        }
      }
    },

    dropout(out, x, n, p, k0, k1, start) {
      const h = cells();
      // p as the kernels hold it, so that both keep the same elements.
      const threshold = Math.fround(p);
      for (let i = 0; i < n; i++) h[out + i] = closed(threefry(k0, k1, 0, start + i)[0]) >= threshold ? (h[x + i] as number) / (1 - p) : 0;
    },
  } satisfies Partial<Kernels>;
}
