import type { KernelRow, Range } from '../row.ts';

/** Rows of a batch: odd, so that no row but the first is aligned when `n` is odd. */
const B = 3;

/** Products and sums of values up to 3 in magnitude, each rounded a few times: absolute error of some units of 2⁻²³. */
const tolerance = { relative: 2.4e-7, absolute: 2e-6 };

const mask = (values: number[]): Range => ({ role: 'in', dtype: 'bool', values });

export const recurrent: KernelRow[] = [
  {
    kernel: 'lstmCell',
    args: (n, d) => [
      ...[d.out(B * n), d.out(B * n), d.out(B * n), d.inout(d.real(B * 4 * n)), d.real(B * 4 * n), d.real(4 * n), d.real(4 * n)],
      ...[d.real(B * n), d.real(B * n), 0, B, n, n, 0],
    ],
    tolerance,
    alias: [
      [0, 1],
      [1, 7],
      [2, 8],
    ],
  },
  {
    kernel: 'lstmCell',
    name: 'masked, into a strided output',
    args: (n, d) => [
      ...[
        d.inout(d.real(B * (n + 2))),
        d.out(B * n),
        d.out(B * n),
        d.inout(d.real(B * 4 * n)),
        d.real(B * 4 * n),
        d.real(4 * n),
        d.real(4 * n),
      ],
      ...[d.real(B * n), d.real(B * n), mask([1, 0, 0, 0, 1]), B, n, n + 2, 2],
    ],
    tolerance,
    alias: [
      [1, 7],
      [2, 8],
    ],
  },
  {
    kernel: 'lstmCellBackward',
    args: (n, d) => [
      ...[d.out(B * 4 * n), d.inout(d.real(B * n)), d.inout(d.real(B * n)), d.real(B * n)],
      ...[d.real(B * 4 * n, 0, 1), d.real(B * n), d.real(B * n), 0, B, n, n, 0],
    ],
    tolerance,
    alias: [[0, 4]],
  },
  {
    kernel: 'lstmCellBackward',
    name: 'masked, from a strided gradient',
    args: (n, d) => [
      ...[d.out(B * 4 * n), d.inout(d.real(B * n)), d.inout(d.real(B * n)), d.real(B * (n + 1))],
      ...[d.real(B * 4 * n, 0, 1), d.real(B * n), d.real(B * n), mask([0, 1, 0]), B, n, n + 1, 1],
    ],
    tolerance,
    alias: [[0, 4]],
  },
  {
    kernel: 'gruCell',
    args: (n, d) => [
      ...[d.out(B * n), d.out(B * n), d.inout(d.real(B * 3 * n)), d.inout(d.real(B * n)), d.real(B * 3 * n), d.real(3 * n), d.real(3 * n)],
      ...[d.real(B * n), 0, B, n, n, 0],
    ],
    tolerance,
    alias: [
      [0, 1],
      [1, 7],
    ],
  },
  {
    kernel: 'gruCell',
    name: 'masked, into a strided output',
    args: (n, d) => [
      ...[
        d.inout(d.real(B * (n + 2))),
        d.out(B * n),
        d.inout(d.real(B * 3 * n)),
        d.inout(d.real(B * n)),
        d.real(B * 3 * n),
        d.real(3 * n),
        d.real(3 * n),
      ],
      ...[d.real(B * n), mask([1, 0, 0, 0, 1]), B, n, n + 2, 2],
    ],
    tolerance,
    alias: [[1, 7]],
  },
  {
    kernel: 'gruCellBackward',
    args: (n, d) => [
      ...[d.out(B * 3 * n), d.out(B * 3 * n), d.inout(d.real(B * n)), d.real(B * n)],
      ...[d.real(B * 3 * n, 0, 1), d.real(B * n), d.real(B * n), 0, B, n, n, 0],
    ],
    tolerance,
    alias: [[0, 4]],
  },
  {
    kernel: 'gruCellBackward',
    name: 'masked, from a strided gradient',
    args: (n, d) => [
      ...[d.out(B * 3 * n), d.out(B * 3 * n), d.inout(d.real(B * n)), d.real(B * (n + 1))],
      ...[d.real(B * 3 * n, 0, 1), d.real(B * n), d.real(B * n), mask([0, 1, 0]), B, n, n + 1, 1],
    ],
    tolerance,
    alias: [[0, 4]],
  },
];
