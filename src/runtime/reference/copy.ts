import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/copy.ts in float64. */
export function copying(cells: Cells) {
  return {
    copy(out, x, n0, n1, n2, n3, o0, o1, o2, o3, x0, x1, x2, x3) {
      const h = cells();
      for (let i = 0; i < n0; i++)
        for (let j = 0; j < n1; j++)
          for (let k = 0; k < n2; k++)
            for (let l = 0; l < n3; l++) {
              h[out + i * o0 + j * o1 + k * o2 + l * o3] = h[x + i * x0 + j * x1 + k * x2 + l * x3] as number;
            }
    },
  } satisfies Partial<Kernels>;
}
