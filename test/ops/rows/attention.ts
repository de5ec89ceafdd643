import { additiveScore } from '../../../src/ops/index.ts';
import type { OpRow } from '../row.ts';

export const attending: OpRow[] = [
  { op: 'additiveScore', f: additiveScore, inputs: [{ shape: [2, 3, 5] }, { shape: [2, 4, 5] }, { shape: [5] }], second: false },
];
