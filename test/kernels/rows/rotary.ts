import type { Kernels } from '../../../src/runtime/backend.ts';
import type { KernelRow } from '../row.ts';

const kernel: keyof Kernels = 'rotary';

/** Two products of at most 3 · 1 and their sum. */
const tolerance = { relative: 2 ** -23, absolute: 3 * 2 ** -23 };

/** Of `rest` elements behind those that turn; 2 examples of 3 heads and 2 positions, whose index is shared where `shared`. */
const row = (name: string, pairs: number, rest: number, sign: number, shared: boolean): KernelRow => ({
  kernel,
  name,
  args: (n, d) => {
    const [width, size] = [2 * n, 12 * (2 * n + rest)];
    return [
      ...[d.out(size), d.real(size), d.real(5 * width, -1, 1), d.int(shared ? 2 : 4, 5)],
      ...[2, 3, 2, width + rest, width, shared ? 0 : 2, pairs, sign],
    ];
  },
  tolerance,
  alias: [[0, 1]],
});

export const turning: KernelRow[] = [
  row('halves', 0, 0, 1, false),
  row('halves, a part, back', 0, 3, -1, true),
  row('pairs', 1, 0, 1, true),
  row('pairs, a part, back', 1, 5, -1, false),
];
