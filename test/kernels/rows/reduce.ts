import type { KernelRow } from '../row.ts';

export const reductions: KernelRow[] = [
  { kernel: 'sum', name: 'rows', args: (n, d) => [d.out(3), d.real(3 * n), 3, n, 1], tolerance: { absolute: 1e-5 } },
  { kernel: 'sum', name: 'columns', args: (n, d) => [d.out(2 * n), d.real(10 * n), 2, 5, n], tolerance: { absolute: 1e-5 } },
];
