import type { OpRow } from '../row.ts';

export const gathering: OpRow[] = [];
