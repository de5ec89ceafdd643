import type { OpRow } from '../row.ts';

export const attending: OpRow[] = [];
