import type { Draw, KernelRow, Range } from '../row.ts';

const exact = { relative: 0, absolute: 0 };

/** Indices from −1 to before `bound`. */
const some = (d: Draw, size: number, bound: number): Range => {
  const index = d.int(size, bound + 1);
  return { ...index, values: index.values.map((k) => k - 1) };
};

export const gathering: KernelRow[] = [
  { kernel: 'gather', args: (n, d) => [d.out(4 * n), d.real(3 * n), d.int(4, 3), 4, n], tolerance: exact },
  { kernel: 'gather', name: 'many', args: (n, d) => [d.out(5 * n), d.real(35), d.int(n, 7), n, 5], tolerance: exact },
  {
    kernel: 'scatterAdd',
    args: (n, d) => [d.inout(d.real(3 * n)), d.real(6 * n), d.int(6, 3), 6, n],
    tolerance: { absolute: 4e-6 },
  },
  {
    kernel: 'scatterAdd',
    name: 'many',
    args: (n, d) => [d.inout(d.real(35)), d.real(5 * n), d.int(n, 7), n, 5],
    tolerance: { absolute: 2e-5 },
  },
  ...[0, 1].flatMap((weighed): KernelRow[] => {
    const factors = (d: Draw, size: number) => (weighed ? d.real(size) : 0);
    const name = weighed ? 'weighed' : 'plain';
    return [
      {
        kernel: 'embeddingBag',
        name,
        args: (n, d) => [d.out(2 * n), d.real(3 * n), factors(d, 4 * n), d.int(8, 3), 2, 4, n, 1],
        tolerance: { absolute: 1e-5 },
      },
      {
        kernel: 'embeddingBag',
        name: `many, ${name}`,
        args: (n, d) => [d.out(5 * n), d.real(35), factors(d, 15), d.int(3 * n, 7), n, 3, 5, -1],
        tolerance: { absolute: 1e-5 },
      },
      {
        kernel: 'embeddingBagBackward',
        name,
        args: (n, d) => [d.inout(d.real(3 * n)), d.real(2 * n), factors(d, 4 * n), d.int(8, 3), 2, 4, n, 1],
        tolerance: { absolute: 2e-5 },
      },
      {
        kernel: 'embeddingBagBackward',
        name: `many, ${name}`,
        args: (n, d) => [d.inout(d.real(35)), d.real(5 * n), factors(d, 15), d.int(3 * n, 7), n, 3, 5, 2],
        tolerance: { absolute: 1e-4 },
      },
    ];
  }),
  {
    kernel: 'embeddingBagWeights',
    args: (n, d) => [d.inout(d.real(4 * n)), d.real(2 * n), d.real(3 * n), d.int(8, 3), 2, 4, n, 1],
    tolerance: { absolute: 2e-5 },
  },
  {
    kernel: 'embeddingBagWeights',
    name: 'many',
    args: (n, d) => [d.inout(d.real(15)), d.real(5 * n), d.real(35), d.int(3 * n, 7), n, 3, 5, -1],
    tolerance: { absolute: 1e-4 },
  },
  { kernel: 'pick', args: (n, d) => [d.out(n), d.real(5 * n), some(d, n, 5), n, 5, 1], tolerance: exact },
  { kernel: 'pick', name: 'columns', args: (n, d) => [d.out(2 * n), d.real(10 * n), some(d, 2 * n, 5), 2, 5, n], tolerance: exact },
  { kernel: 'pickBackward', args: (n, d) => [d.out(5 * n), d.real(n), some(d, n, 5), n, 5, 1], tolerance: exact },
  { kernel: 'pickBackward', name: 'columns', args: (n, d) => [d.out(10 * n), d.real(2 * n), some(d, 2 * n, 5), 2, 5, n], tolerance: exact },
];
