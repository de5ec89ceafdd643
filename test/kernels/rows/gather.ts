import type { KernelRow } from '../row.ts';

export const gathering: KernelRow[] = [{ kernel: 'gatherPlaceholder', args: () => [0] }];
