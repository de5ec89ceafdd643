import type { OpRow } from '../row.ts';

export const products: OpRow[] = [];
