// Lengths in terms of named axes, and how they are found from the numbers of several runs.

/** The lengths of the axes in one run. */
export type Axes = Readonly<Record<string, number>>;

/** A whole number that depends on the lengths of axes: a sum of products with whole factors, such as `batch·time + 1`. */
export class Size {
  /** The factor of each product, by its axes: `batch*time`; of the constant by ''. */
  readonly terms: ReadonlyMap<string, number>;

  private constructor(terms: ReadonlyMap<string, number>) {
    this.terms = terms;
  }

  /** A number, or an axis by its name. */
  static of(value: number | string): Size {
    return typeof value === 'string' ? new Size(new Map([[value, 1]])) : new Size(value === 0 ? new Map() : new Map([['', value]]));
  }

  /** `this + factor · other`. */
  plus(other: Size, factor = 1): Size {
    const sum = new Map(this.terms);
    for (const [product, count] of other.terms) sum.set(product, (sum.get(product) ?? 0) + factor * count);
    return new Size(new Map([...sum].filter(([, count]) => count !== 0)));
  }

  /** The product. */
  times(other: Size): Size {
    let sum = Size.of(0);
    for (const [p, m] of this.terms) {
      for (const [q, n] of other.terms) sum = sum.plus(Size.of([...p.split('*'), ...q.split('*')].filter(Boolean).sort().join('*')), m * n);
    }
    return sum;
  }

  /** Its value where the axes have these lengths. */
  at(axes: Readonly<Record<string, number>>): number {
    let sum = 0;
    for (const [product, count] of this.terms)
      sum += product === '' ? count : product.split('*').reduce((n, axis) => n * (axes[axis] ?? Number.NaN), count);
    return sum;
  }

  /** The number that it is whatever the axes are, if it is one. */
  get fixed(): number | undefined {
    if (this.terms.size === 0) return 0;
    return this.terms.size === 1 ? this.terms.get('') : undefined;
  }

  /** `batch*time + 1`: equal sizes read alike. */
  toString(): string {
    const terms = [...this.terms].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
    if (terms.length === 0) return '0';
    const text = ([product, count]: [string, number]) =>
      product === '' ? String(Math.abs(count)) : Math.abs(count) === 1 ? product : `${Math.abs(count)}*${product}`;
    return terms.map((term, i) => (term[1] < 0 ? (i ? ' - ' : '-') : i ? ' + ' : '') + text(term)).join('');
  }
}

/** `factor / size`: what a mean over axes multiplies by. */
export class Share {
  /** What is divided. */
  readonly factor: number;
  /** By what. */
  readonly size: Size;

  constructor(factor: number, size: Size) {
    this.factor = factor;
    this.size = size;
  }
}

/**
 * The lengths of axes in four runs, the first axis first. None is 1, since that stretches; within a run no two share a divisor; and no
 * form of {@link sizeFor} takes the values that another one has in all four (a test looks at them all).
 */
export const runs: readonly (readonly number[])[] = [
  [2, 3, 5, 7],
  [5, 8, 3, 9],
  [7, 5, 4, 11],
  [3, 7, 11, 4],
];

/** All pairs, each with itself too. */
const pairs = <T>(all: readonly T[]): [T, T][] => all.flatMap((a, i) => all.slice(i).map((b): [T, T] => [a, b]));

const isWhole = (values: readonly number[]) => values.every((value) => Number.isSafeInteger(value));

/** `a · size + c` with whole a and c that has these values. */
function line(values: readonly number[], size: Size, axes: readonly Axes[]): Size | undefined {
  const at = axes.map((run) => size.at(run));
  const [x0 = 0, y0 = 0] = [at[0], values[0]];
  const other = at.findIndex((x) => x !== x0);
  if (other < 0) return undefined;
  const a = ((values[other] as number) - y0) / ((at[other] as number) - x0);
  const c = y0 - a * x0;
  if (!Number.isInteger(a) || a === 0 || !values.every((y, i) => y === a * (at[i] as number) + c)) return undefined;
  return size.times(Size.of(a)).plus(Size.of(c));
}

/**
 * The size that has these values in the runs: a constant, `a·x + c`, `a·x·y + c`, `±x ± y + c` or `a·x·y·z + c` of `known` sizes, the
 * first that fits.
 */
export function sizeFor(values: readonly number[], known: readonly Size[], axes: readonly Axes[]): Size | undefined {
  const [first = Number.NaN] = values;
  if (!isWhole(values)) return undefined;
  if (values.every((value) => value === first)) return Size.of(first);
  const two = pairs(known);
  const forms = function* () {
    yield* known;
    for (const [x, y] of two) yield x.times(y);
    for (const [x, y] of two) for (const sign of [1, -1]) yield x.plus(y, sign);
    for (const [x, y] of two) for (const z of known) yield x.times(y).times(z);
  };
  for (const form of forms()) {
    const found = line(values, form, axes);
    if (found) return found;
  }
  return undefined;
}

/** What explains these numbers: one number, a size, or a factor divided by a size. */
export function explain(values: readonly number[], known: readonly Size[], axes: readonly Axes[]): number | Size | Share | undefined {
  const [first = Number.NaN] = values;
  if (values.every((value) => Object.is(value, first))) return first;
  const size = sizeFor(values, known, axes);
  if (size) return size;
  const parts = values.map((value) => Math.round(1 / value));
  if (!values.every((value, i) => Math.abs(value * (parts[i] as number) - 1) < 1e-12)) return undefined;
  const under = sizeFor(parts, known, axes);
  return under && new Share(1, under);
}
