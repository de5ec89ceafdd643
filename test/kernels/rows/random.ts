import type { KernelRow } from '../row.ts';

export const drawing: KernelRow[] = [{ kernel: 'randomPlaceholder', args: () => [0] }];
