import type { KernelRow } from '../row.ts';

export const normalising: KernelRow[] = [{ kernel: 'normalisePlaceholder', args: () => [0] }];
