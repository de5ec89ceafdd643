import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './index.ts';

export function softmaxes(_cells: Cells) {
  return {
    softmaxPlaceholder() {},
  } satisfies Partial<Kernels>;
}
