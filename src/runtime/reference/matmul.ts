import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './index.ts';

export function products(_cells: Cells) {
  return {
    matmulPlaceholder() {},
  } satisfies Partial<Kernels>;
}
