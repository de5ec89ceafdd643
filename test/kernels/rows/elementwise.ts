import { flat, type KernelRow } from '../row.ts';

export const elementwise: KernelRow[] = [
  { kernel: 'neg', args: (n, d) => [d.out(n), d.real(n), n], alias: [[0, 1]] },
  {
    kernel: 'add',
    args: (n, d) => [d.out(n), d.real(n), d.real(n), ...flat(n)],
    tolerance: { absolute: 4e-7 },
    alias: [
      [0, 1],
      [0, 2],
    ],
  },
  {
    kernel: 'add',
    name: 'row stretched over rows',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), d.real(n), 1, 1, 3, n, 0, 0, n, 1, 0, 0, 0, 1],
    tolerance: { absolute: 4e-7 },
    alias: [[0, 1]],
  },
  {
    kernel: 'add',
    name: 'column and strided',
    args: (n, d) => [d.out(3 * n), d.real(3), d.real(6 * n), 1, 1, 3, n, 0, 0, 1, 0, 0, 0, 2 * n, 2],
    tolerance: { absolute: 4e-7 },
  },
];
