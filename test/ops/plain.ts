// What ops compute, in plain numbers: lists with a shape, accessed by index. It is independent of `src`.

/** Numbers in the order of memory, with the length of each axis. */
export interface Plain {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export type Index = readonly number[];

/** Every index of a shape, in the order of memory. */
export function indices(shape: readonly number[]): Index[] {
  return shape.reduce<Index[]>((all, length) => all.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])), [[]]);
}

/** A list of a shape, element by element. */
export const make = (shape: readonly number[], f: (index: Index) => number): Plain => ({ shape, values: indices(shape).map(f) });

/** The element at an index; axes are aligned at the end, and one of length 1 broadcasts. */
export function at({ shape, values }: Plain, index: Index): number {
  const own = index.slice(index.length - shape.length);
  const place = shape.reduce((sum, length, axis) => sum * length + (length === 1 ? 0 : (own[axis] as number)), 0);
  return values[place] as number;
}

/** The index with one axis replaced, taken away, or put in. */
export const put = (index: Index, axis: number, i: number): Index => index.map((own, k) => (k === axis ? i : own));
export const drop = (index: Index, axis: number): Index => index.filter((_, k) => k !== axis);
export const insert = (index: Index, axis: number, i: number): Index => [...index.slice(0, axis), i, ...index.slice(axis)];

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const total = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0);

/** The elements along an axis through an index. */
export const line = (x: Plain, axis: number, index: Index): number[] =>
  range(x.shape[axis] as number).map((i) => at(x, put(index, axis, i)));

/** Each element by itself. */
export const map = (x: Plain, f: (value: number) => number): Plain => ({ shape: x.shape, values: x.values.map(f) });

/** The shape to which shapes broadcast. */
export function common(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return range(rank).map((axis) => shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).reduce((a, b) => (a === 1 ? b : a)));
}

/** Element by element of broadcast operands. */
export const zip = (f: (...values: number[]) => number, ...xs: Plain[]): Plain =>
  make(common(...xs.map((x) => x.shape)), (index) => f(...xs.map((x) => at(x, index))));

/** Replaces each line along an axis by another of the same length. */
export const alongAxis = (x: Plain, axis: number, f: (list: number[], index: Index) => number[]): Plain =>
  make(x.shape, (index) => f(line(x, axis, index), index)[index[axis] as number] as number);

/** Replaces each line along an axis by a number; the axis is removed. */
export const fold = (x: Plain, axis: number, f: (list: number[], index: Index) => number): Plain =>
  make(drop(x.shape, axis), (index) => f(line(x, axis, insert(index, axis, 0)), index));

export const shaped = (shape: readonly number[], x: Plain): Plain => ({ shape, values: x.values });
export const list = (...values: number[]): Plain => ({ shape: [values.length], values });

/** The factors of `weighed` in row.ts. */
export const weighed = ({ shape, values }: Plain): Plain => ({ shape, values: values.map((x, i) => x * (((i * 7) % 11) / 4 - 1)) });

/** All elements of several tensors in one row. */
export const joined = (...xs: Plain[]): Plain => list(...xs.flatMap((x) => x.values));

/** `a · b` of two matrices in rows. */
export const product = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] =>
  a.map((row) => range(b[0]?.length ?? 0).map((j) => total(row.map((x, k) => x * (b[k]?.[j] as number)))));

export const softmaxOf = (x: readonly number[]): number[] => {
  const most = Math.max(...x);
  const parts = x.map((v) => (v === -Infinity ? 0 : Math.exp(v - most)));
  return parts.map((v) => (most === -Infinity ? 0 : v / total(parts)));
};

export const logSumExpOf = (x: readonly number[]): number => {
  const most = Math.max(...x);
  return most + Math.log(total(x.map((v) => Math.exp(v - most))));
};

/** `erf x` as 2/√π ∫₀ˣ e^(−t²) dt by Simpson's rule with 4,000 intervals: accurate to about 1e-14 for |x| below 6. */
export function erf(x: number): number {
  const n = 4000;
  const h = x / n;
  const f = (i: number) => Math.exp(-((i * h) ** 2));
  return ((2 / Math.sqrt(Math.PI)) * h * (f(0) + f(n) + total(range(n - 1).map((i) => f(i + 1) * (i % 2 === 0 ? 4 : 2))))) / 3;
}
