import type { KernelRow } from '../row.ts';

export const drawing: KernelRow[] = [
  { kernel: 'uniform', args: (n, d) => [d.out(n), n, 7, n, 0, 1, 0] },
  { kernel: 'uniform', name: 'between', args: (n, d) => [d.out(n), n, -7, n, -3, 2, 5], tolerance: { absolute: 4e-7 } },
  // The angle is rounded at up to 2π (4e-7 with 2π itself), and the radius is at most 5.77.
  { kernel: 'normal', args: (n, d) => [d.out(n), n, n, 7, 0, 1, 0], tolerance: { relative: 5e-7, absolute: 2.4e-6 } },
  { kernel: 'normal', name: 'moved', args: (n, d) => [d.out(n), n, n, -7, 3, 0.5, 1001], tolerance: { relative: 5e-7, absolute: 1.4e-6 } },
  { kernel: 'gumbel', args: (n, d) => [d.out(n), n, 1, n, 3], tolerance: { absolute: 4e-7 } },
  { kernel: 'categorical', args: (n, d) => [d.out(5, 'int32'), d.real(5 * n), 5, n, 3, n, 0], tolerance: {} },
  {
    kernel: 'categorical',
    name: 'rows of −∞, all but one place or all',
    args: (n, d) => {
      const logits = d.real(3 * n);
      logits.values = logits.values.map((value, i) => (i === n - 1 || (i >= n && i < 2 * n && i % 3 > 0) ? value : -Infinity));
      return [d.out(3, 'int32'), logits, 3, n, 3, n, 2];
    },
    tolerance: {},
  },
  { kernel: 'dropout', args: (n, d) => [d.out(n), d.real(n), n, 0.3, 5, n, 9], alias: [[0, 1]] },
  { kernel: 'dropout', name: 'of nothing', args: (n, d) => [d.out(n), d.real(n), n, 0, 5, n, 0], tolerance: {}, alias: [[0, 1]] },
];
