import type { KernelRow } from '../row.ts';

export const copying: KernelRow[] = [
  { kernel: 'copy', args: (n, d) => [d.out(n), d.real(n), 1, 1, 1, n, 0, 0, 0, 1, 0, 0, 0, 1], tolerance: {} },
  { kernel: 'copy', name: 'transpose', args: (n, d) => [d.out(5 * n), d.real(5 * n), 1, 1, 5, n, 0, 0, n, 1, 0, 0, 1, 5], tolerance: {} },
  {
    kernel: 'copy',
    name: 'ints into every second place',
    args: (n, d) => [d.inout(d.int(2 * n, 1000)), d.int(n, 1000), 1, 1, 1, n, 0, 0, 0, 2, 0, 0, 0, 1],
    tolerance: {},
  },
];
