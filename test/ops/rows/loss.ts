import type { OpRow } from '../row.ts';

export const losses: OpRow[] = [];
