import { categorical, dropout, gumbel, normal, uniform } from '../../../src/ops/index.ts';
import { key } from '../../../src/tensor/random.ts';
import type { OpRow } from '../row.ts';

// What is drawn is tested in test/tensor/random.test.ts.
export const drawing: OpRow[] = [
  { op: 'uniform', f: () => uniform(key(1), [3, 5], { low: -1, high: 3 }), inputs: [] },
  { op: 'normal', f: () => normal(key(2), [3, 5], { mean: 1, std: 2 }), inputs: [] },
  { op: 'gumbel', f: () => gumbel(key(3), [3, 5]), inputs: [] },
  { op: 'categorical', f: (logits) => categorical(key(4), logits), inputs: [{ shape: [2, 3, 5] }], differentiable: false },
  { op: 'dropout', f: (x) => dropout(x, 0.4, key(5)), inputs: [{ shape: [3, 5] }] },
  { op: 'dropout', name: 'of nothing', f: (x) => dropout(x, 0, key(5)), inputs: [{ shape: [3, 5] }] },
];
