import type { KernelRow } from '../row.ts';

export const attending: KernelRow[] = [{ kernel: 'attentionPlaceholder', args: () => [0] }];
