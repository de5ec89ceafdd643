import type { Draw, KernelRow, Range } from '../row.ts';

/** Few different values, so that the largest is there several times. */
const ties = (d: Draw, size: number): Range => {
  const x = d.real(size);
  return { ...x, values: x.values.map((value) => Math.round(value)) };
};

/** With NaN at every seventh place and infinities between. */
const strange = (d: Draw, size: number): Range => {
  const x = d.real(size);
  return { ...x, values: x.values.map((v, i) => (i % 7 === 6 ? Number.NaN : i % 5 === 3 ? -Infinity : i % 11 === 10 ? Infinity : v)) };
};

const exact = { relative: 0, absolute: 0 };

/** NaN, infinities and both zeros among ties. */
const mixed = (d: Draw, size: number): Range => {
  const x = ties(d, size);
  return { ...x, values: x.values.map((v, i) => (i % 7 === 6 ? Number.NaN : i % 5 === 3 ? -Infinity : i % 4 === 1 ? -0 : v)) };
};

const whole = (d: Draw, size: number): Range => {
  const x = d.int(size, 9);
  return { ...x, values: x.values.map((v, i) => (i % 5 === 0 ? 2 ** 31 - 1 : i % 5 === 1 ? -(2 ** 31) : i % 5 === 2 ? 2 ** 24 + v : v)) };
};

/** The first few, and all. */
const sorts = ([false, true] as const).flatMap((all): KernelRow[] =>
  [0, 1].flatMap((descending): KernelRow[] => {
    const name = `${all ? 'all' : 'a few'}, ${descending ? 'largest' : 'smallest'} first`;
    const k = (n: number) => (all ? n : Math.min(n, 3));
    return [
      { kernel: 'topk', name, args: (n, d) => [d.out(3 * k(n), 'int32'), mixed(d, 3 * n), 3, n, k(n), descending, 0], tolerance: exact },
      {
        kernel: 'topk',
        name: `of int32, ${name}`,
        args: (n, d) => [d.out(2 * k(n), 'int32'), whole(d, 2 * n), 2, n, k(n), descending, 1],
        tolerance: exact,
      },
    ];
  }),
);

export const reductions: KernelRow[] = [
  ...sorts,
  // Values within ±3: about ten roundings of sums below 64 in the longest row.
  { kernel: 'sum', name: 'rows', args: (n, d) => [d.out(3), d.real(3 * n), 3, n, 1], tolerance: { absolute: 1e-5 } },
  { kernel: 'sum', name: 'columns', args: (n, d) => [d.out(2 * n), d.real(10 * n), 2, 5, n], tolerance: { absolute: 2e-6 } },
  { kernel: 'sum', name: 'many columns', args: (n, d) => [d.out(6), d.real(6 * n), 1, n, 6], tolerance: { absolute: 2e-5 } },
  { kernel: 'max', name: 'rows', args: (n, d) => [d.out(3), d.real(3 * n, -3, -1), 3, n, 1], tolerance: exact },
  { kernel: 'max', name: 'columns', args: (n, d) => [d.out(2 * n), d.real(10 * n, -3, -1), 2, 5, n], tolerance: exact },
  { kernel: 'max', name: 'NaN and infinities', args: (n, d) => [d.out(5), strange(d, 5 * n), 5, n, 1], tolerance: exact },
  { kernel: 'max', name: 'NaN in columns', args: (n, d) => [d.out(n), strange(d, 5 * n), 1, 5, n], tolerance: exact },
  { kernel: 'argmax', name: 'rows', args: (n, d) => [d.out(3, 'int32'), ties(d, 3 * n), 3, n, 1], tolerance: exact },
  { kernel: 'argmax', name: 'columns', args: (n, d) => [d.out(2 * n, 'int32'), ties(d, 10 * n), 2, 5, n], tolerance: exact },
  { kernel: 'argmax', name: 'NaN and infinities', args: (n, d) => [d.out(5, 'int32'), strange(d, 5 * n), 5, n, 1], tolerance: exact },
];
