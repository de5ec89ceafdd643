import { type KernelRow, LENGTHS } from '../row.ts';

const backward = (name: string, lengths: readonly number[], queries: number, from: number): KernelRow => ({
  kernel: 'additiveScoreBackward',
  ...(name && { name }),
  lengths,
  args: (n, d) => {
    const results = [2 * queries * n, 2 * 4 * n, n].map((size) => d.inout(d.real(size)));
    const operands = [2 * queries * 4, 2 * queries * n, 2 * 4 * n, n].map((size) => d.real(size));
    return [...results, ...operands, 2, queries, 4, n, from, n];
  },
  tolerance: { absolute: 2e-5 },
});

export const attending: KernelRow[] = [
  {
    kernel: 'additiveScore',
    args: (n, d) => [d.out(2 * 3 * 4), d.real(2 * 3 * n), d.real(2 * 4 * n), d.real(n), 2, 3, 4, n],
    tolerance: { absolute: 2e-5 },
  },
  backward('', LENGTHS, 3, 0),
  backward('columns from the fifth on', [5, 8, 9, 31, 64], 3, 4),
  backward('no queries', [1, 4, 9], 0, 0),
];
