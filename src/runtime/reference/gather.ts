import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './index.ts';

export function gathering(_cells: Cells) {
  return {
    gatherPlaceholder() {},
  } satisfies Partial<Kernels>;
}
