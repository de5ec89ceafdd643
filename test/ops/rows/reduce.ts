import type { OpRow } from '../row.ts';

export const reductions: OpRow[] = [];
