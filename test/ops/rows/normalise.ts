import type { OpRow } from '../row.ts';

export const normalising: OpRow[] = [];
