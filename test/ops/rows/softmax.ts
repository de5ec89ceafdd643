import type { OpRow } from '../row.ts';

export const softmaxes: OpRow[] = [];
