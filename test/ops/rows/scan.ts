import { cumprod, cumsum, linearScan, monotonicWeights } from '../../../src/ops/index.ts';
import { alongAxis, line, type Plain, weighed as plainly, range, total } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

const cube = { shape: [2, 4, 3] };
const two = [cube, cube];

/** `yₖ = xₖ + aₖ yₖ₋₁`, from the other end where `back`. */
const recurrence = (x: Plain, a: Plain, axis: number, back = false) =>
  alongAxis(x, axis, (list, index) => {
    const factors = line(a, axis, index);
    const order = back ? range(list.length).reverse() : range(list.length);
    const y: number[] = [];
    order.forEach((k, i) => {
      y[k] = (list[k] as number) + (i === 0 ? 0 : (factors[k] as number) * (y[order[i - 1] as number] as number));
    });
    return y;
  });

/** `f` of the elements up to each, or from it on; with or without it. */
const running = (x: Plain, axis: number, f: (list: number[]) => number, exclusive = false, back = false) =>
  alongAxis(x, axis, (list) => list.map((_, k) => f(back ? list.slice(exclusive ? k + 1 : k) : list.slice(0, exclusive ? k : k + 1))));

const product = (list: readonly number[]) => list.reduce((p, v) => p * v, 1);

export const scanning: OpRow[] = [
  { op: 'linearScan', f: (x, a) => weighed(linearScan(x, a)), inputs: two, value: (x, a) => plainly(recurrence(x, a, 2)) },
  {
    op: 'linearScan',
    name: 'middle axis, reverse',
    f: (x, a) => weighed(linearScan(x, a, { axis: 1, reverse: true })),
    inputs: two,
    value: (x, a) => plainly(recurrence(x, a, 1, true)),
  },
  { op: 'cumsum', f: (x) => weighed(cumsum(x)), inputs: [cube], value: (x) => plainly(running(x, 2, total)) },
  {
    op: 'cumsum',
    name: 'exclusive, first axis',
    f: (x) => weighed(cumsum(x, { axis: 0, exclusive: true })),
    inputs: [cube],
    value: (x) => plainly(running(x, 0, total, true)),
  },
  {
    op: 'cumsum',
    name: 'exclusive, reverse',
    f: (x) => weighed(cumsum(x, { axis: 1, exclusive: true, reverse: true })),
    inputs: [cube],
    value: (x) => plainly(running(x, 1, total, true, true)),
  },
  { op: 'cumprod', f: (x) => weighed(cumprod(x)), inputs: [cube], value: (x) => plainly(running(x, 2, product)) },
  {
    op: 'cumprod',
    name: 'exclusive, middle axis',
    f: (x) => weighed(cumprod(x, { axis: 1, exclusive: true })),
    inputs: [cube],
    value: (x) => plainly(running(x, 1, product, true)),
  },
  {
    op: 'cumprod',
    name: 'exclusive, reverse',
    f: (x) => weighed(cumprod(x, { exclusive: true, reverse: true })),
    inputs: [cube],
    value: (x) => plainly(running(x, 2, product, true, true)),
  },
  {
    op: 'monotonicWeights',
    f: (p, previous) => weighed(monotonicWeights(p, previous)),
    inputs: [
      { shape: [2, 5], domain: [0, 1] },
      { shape: [2, 5], domain: [0, 1] },
    ],
    // Over all places where the reader may come from: αⱼ = pⱼ Σᵢ α′ᵢ Π_{i ≤ l < j} (1 − pₗ) (Raffel et al. 2017, eq. 8).
    value: (p, previous) =>
      plainly(
        alongAxis(p, 1, (ps, index) => {
          const before = line(previous, 1, index);
          return ps.map(
            (own, j) => own * total(range(j + 1).map((i) => (before[i] as number) * product(ps.slice(i, j).map((q) => 1 - q)))),
          );
        }),
      ),
  },
];
