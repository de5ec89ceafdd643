import type { KernelRow } from '../row.ts';

export const softmaxes: KernelRow[] = [{ kernel: 'softmaxPlaceholder', args: () => [0] }];
