import type { Draw, KernelRow, Range } from '../row.ts';

const exact = { relative: 0, absolute: 0 };
/** A sum of a few products. */
const near = { absolute: 1e-5 };

/** Corners around an image of 5 × 6: some windows lie partly outside, some wholly. */
const corners = (d: Draw, batch: number): Range => {
  const corner = d.int(2 * batch, 16);
  return { ...corner, values: corner.values.map((at) => at - 8) };
};

/** Places from −1.25 to 1.25, and some that are exactly those of pixels, or are no numbers. */
const grid = (d: Draw, points: number): Range => {
  const places = d.real(2 * points, -1.25, 1.25);
  const special = [1, -1, 0.4999997, Number.NaN, Number.POSITIVE_INFINITY, -0.5, 0, 0.3999997].map(Math.fround); // two as good as at a pixel's centre
  return { ...places, values: places.values.map((u, i) => (i % 7 === 3 ? (special[i % special.length] as number) : u)) };
};

const sizes = [2, 5, 6] as const;
const samples = (d: Draw, depth: number, align: number) => [d.real(60 * depth), grid(d, 2 * 9), ...sizes, depth, 9, align];

const pools = [
  { name: 'halves', window: [4, 6, 2, 3, 2, 2, 2, 2, 0, 0] },
  { name: 'overlapping, with padding', window: [5, 6, 3, 6, 3, 2, 2, 1, 1, 1] },
] as const;

/** Numbers of which many are equal, and one that is none. */
const ties = (d: Draw, size: number): Range => {
  const few = d.int(size, 3);
  return { ...few, dtype: 'float32', values: few.values.map((x, i) => (i === 17 ? Number.NaN : x)) };
};

export const picturing: KernelRow[] = [
  { kernel: 'crop', args: (n, d) => [d.out(3 * 12 * n), d.real(3 * 30 * n), corners(d, 3), 3, 5, 6, n, 3, 4], tolerance: exact },
  { kernel: 'crop', name: 'many', args: (n, d) => [d.out(n * 12), d.real(n * 30), corners(d, n), n, 5, 6, 1, 4, 3], tolerance: exact },
  {
    kernel: 'crop',
    name: 'larger than the image',
    args: (n, d) => [d.out(2 * 7 * (n + 6)), d.real(60), corners(d, 2), 2, 5, 6, 1, 7, n + 6],
    tolerance: exact,
  },
  { kernel: 'cropBackward', args: (n, d) => [d.out(3 * 30 * n), d.real(3 * 12 * n), corners(d, 3), 3, 5, 6, n, 3, 4], tolerance: exact },
  {
    kernel: 'cropBackward',
    name: 'many',
    args: (n, d) => [d.out(n * 30), d.real(n * 12), corners(d, n), n, 5, 6, 1, 4, 3],
    tolerance: exact,
  },
  ...pools.map(({ name, window: [height, width, rows, columns, ...rest] }): KernelRow => {
    return {
      kernel: 'maxPool2d',
      name,
      args: (n, d) => [
        ...[d.out(2 * rows * columns * n), d.out(2 * rows * columns * n, 'int32'), ties(d, 2 * height * width * n)],
        ...[2, height, width, n, rows, columns, ...rest],
      ],
      tolerance: exact,
    };
  }),
  {
    kernel: 'maxPool2d',
    name: 'many',
    args: (n, d) => [d.out(n * 4), d.out(n * 4, 'int32'), d.real(n * 16), n, 4, 4, 1, 2, 2, 2, 2, 2, 2, 0, 0],
    tolerance: exact,
  },
  { kernel: 'maxPool2dBackward', args: (n, d) => [d.out(2 * 9 * n), d.real(2 * 7 * n), d.int(2 * 7 * n, 9), 2, 9, 7, n], tolerance: near },
  {
    kernel: 'maxPool2dBackward',
    name: 'many',
    args: (n, d) => [d.out(n * 9), d.real(n * 7), d.int(n * 7, 9), n, 9, 7, 1],
    tolerance: near,
  },
  ...[0, 1].flatMap((align): KernelRow[] => [
    { kernel: 'gridSample', name: `align ${align}`, args: (n, d) => [d.out(18 * n), ...samples(d, n, align)], tolerance: near },
    {
      kernel: 'gridSampleBackward',
      name: `align ${align}`,
      args: (n, d) => [d.out(60 * n), d.out(36), d.real(18 * n), ...samples(d, n, align)],
      tolerance: { absolute: 4e-4 }, // a slope is a difference of places of 1e-6 times a sum over up to 100 channels of numbers up to 9
    },
  ]),
  {
    kernel: 'gridSample',
    name: 'many',
    args: (n, d) => [d.out(n * 4), d.real(n * 30), grid(d, n * 4), n, 5, 6, 1, 4, 0],
    tolerance: near,
  },
  {
    kernel: 'gridSampleBackward',
    name: 'to the image alone',
    args: (n, d) => [d.out(n * 30), 0, d.real(n * 4), d.real(n * 30), grid(d, n * 4), n, 5, 6, 1, 4, 0],
    tolerance: near,
  },
  {
    kernel: 'gridSampleBackward',
    name: 'to the grid alone',
    args: (n, d) => [0, d.out(n * 8), d.real(n * 4), d.real(n * 30), grid(d, n * 4), n, 5, 6, 1, 4, 1],
    tolerance: { absolute: 1e-4 },
  },
];
