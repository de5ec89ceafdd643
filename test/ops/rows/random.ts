import type { OpRow } from '../row.ts';

export const drawing: OpRow[] = [];
