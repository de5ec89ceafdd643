import type { Draw, KernelRow } from '../row.ts';

const OUTER = 3;

/** Whole numbers from 1 to `most`, the first `most` itself. */
function upTo(d: Draw, most: number) {
  const list = d.int(OUTER, Math.max(1, most));
  return { ...list, values: list.values.map((value, o) => (o === 0 ? most : Math.min(most, value + 1))) };
}

const args = (frames: number, n: number, d: Draw, low: number) => [
  d.out(OUTER),
  d.out(OUTER * frames * n),
  d.real(OUTER * frames * n, low, 0),
  d.mask(OUTER * n),
  upTo(d, frames),
  upTo(d, n),
  n === 0 || frames === 0 ? 0 : OUTER,
  frames,
  n,
  d.scratch(n),
];

// Sums of shares of states whose logarithms were rounded some ten times a frame, from level 0 each time.
const tolerance = { relative: 3e-5, absolute: 1e-6 };

export const aligning: KernelRow[] = [
  { kernel: 'ctc', name: 'states', args: (n, d) => args(9, n, d, -3), tolerance },
  { kernel: 'ctc', name: 'frames', args: (n, d) => args(n, 9, d, -3), tolerance },
  {
    kernel: 'ctc',
    name: 'unlikely labels',
    lengths: [5, 9, 33],
    args: (n, d) => args(n, 7, d, -90),
    tolerance: { relative: 2e-4, absolute: 2e-5 },
  },
];
