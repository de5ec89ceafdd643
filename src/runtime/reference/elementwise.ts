import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './index.ts';

export function elementwise(cells: Cells) {
  const map =
    (f: (x: number) => number): Kernels['neg'] =>
    (out, x, n) => {
      const h = cells();
      for (let i = 0; i < n; i++) h[out + i] = f(h[x + i] as number);
    };

  const zip =
    (f: (a: number, b: number) => number): Kernels['add'] =>
    (out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3) => {
      const h = cells();
      let o = out;
      for (let i = 0; i < n0; i++)
        for (let j = 0; j < n1; j++)
          for (let k = 0; k < n2; k++)
            for (let l = 0; l < n3; l++) {
              const p = a + i * a0 + j * a1 + k * a2 + l * a3;
              const q = b + i * b0 + j * b1 + k * b2 + l * b3;
              h[o++] = f(h[p] as number, h[q] as number);
            }
    };

  return {
    neg: map((x) => -x),
    add: zip((a, b) => a + b),
  } satisfies Partial<Kernels>;
}
