import type { KernelRow } from '../row.ts';

export const products: KernelRow[] = [{ kernel: 'matmulPlaceholder', args: () => [0] }];
