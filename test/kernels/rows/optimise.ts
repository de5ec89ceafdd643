import type { KernelRow } from '../row.ts';

export const optimising: KernelRow[] = [{ kernel: 'optimisePlaceholder', args: () => [0] }];
