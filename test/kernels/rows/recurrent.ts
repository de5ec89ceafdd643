import type { KernelRow } from '../row.ts';

export const recurrent: KernelRow[] = [{ kernel: 'recurrentPlaceholder', args: () => [0] }];
