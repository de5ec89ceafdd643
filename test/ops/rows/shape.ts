import type { OpRow } from '../row.ts';

export const shaping: OpRow[] = [];
