import type { OpRow } from '../row.ts';

export const recurrent: OpRow[] = [];
