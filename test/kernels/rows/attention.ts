import type { KernelRow } from '../row.ts';

export const attending: KernelRow[] = [
  {
    kernel: 'additiveScore',
    args: (n, d) => [d.out(2 * 3 * 4), d.real(2 * 3 * n), d.real(2 * 4 * n), d.real(n), 2, 3, 4, n],
    tolerance: { absolute: 2e-5 },
  },
  {
    kernel: 'additiveScoreBackward',
    args: (n, d) => [
      d.out(2 * 3 * n),
      d.out(2 * 4 * n),
      d.out(n),
      d.real(2 * 3 * 4),
      d.real(2 * 3 * n),
      d.real(2 * 4 * n),
      d.real(n),
      2,
      3,
      4,
      n,
    ],
    tolerance: { absolute: 2e-5 },
  },
];
