import { gaussianFilters } from '../../../src/ops/index.ts';
import { at, make, type Plain, weighed as plainly, range, total } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

/** Gregor et al. 2015, eq. 19, 20, 25, whose filters and places count from 1, each row by its sum + 10⁻⁴. */
const bank = (filters: number, length: number) => (centre: Plain, stride: Plain, variance: Plain) =>
  plainly(
    make([...centre.shape, filters, length], (index) => {
      const [lead, i, a] = [index.slice(0, -2), index.at(-2) as number, index.at(-1) as number];
      const middle = at(centre, lead) + 1 + (i + 1 - filters / 2 - 0.5) * at(stride, lead);
      const factor = (place: number) => Math.exp(-((place - middle) ** 2) / (2 * at(variance, lead)));
      return factor(a + 1) / (total(range(length).map((place) => factor(place + 1))) + 1e-4);
    }),
  );

const inputs = (...shape: number[]) => [
  { shape, domain: [-1, 6] as const },
  { shape, domain: [0.2, 2] as const },
  { shape, domain: [0.3, 4] as const },
];

export const gaussians: OpRow[] = [
  {
    op: 'gaussianFilters',
    f: (centre, stride, variance) => weighed(gaussianFilters(centre, stride, variance, 3, 6)),
    inputs: inputs(2),
    value: bank(3, 6),
  },
  {
    op: 'gaussianFilters',
    name: 'an even number, two axes before',
    f: (centre, stride, variance) => weighed(gaussianFilters(centre, stride, variance, 2, 5)),
    inputs: inputs(2, 3),
    value: bank(2, 5),
  },
];
