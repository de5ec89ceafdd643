// The vocabulary of the second set of formulas: numbers, lists and `Math`, in float64. It is independent of `src`.

export type Vector = readonly number[];
export type Matrix = readonly Vector[];

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const total = (x: Vector): number => x.reduce((sum, v) => sum + v, 0);
export const dot = (a: Vector, b: Vector): number => total(a.map((v, i) => v * at(b, i)));
export const plus = (...all: Vector[]): Vector => at(all, 0).map((_, i) => total(all.map((x) => at(x, i))));
export const times = (a: Vector, b: Vector): Vector => a.map((v, i) => v * at(b, i));
export const scaled = (x: Vector, by: number): Vector => x.map((v) => v * by);
export const zeros = (n: number): number[] => range(n).map(() => 0);

/** W x. */
export const apply = (w: Matrix, x: Vector): Vector => w.map((row) => dot(row, x));
/** W x + b. */
export const affine = (w: Matrix, x: Vector, b: Vector): Vector => plus(apply(w, x), b);
/** Σᵢ pᵢ xᵢ. */
export const blend = (p: Vector, rows: Matrix): Vector =>
  at(rows, 0).map((_, i) =>
    dot(
      p,
      rows.map((row) => at(row, i)),
    ),
  );

export const tanh = (x: Vector): Vector => x.map(Math.tanh);
export const sigmoid = (x: Vector): Vector => x.map((v) => 1 / (1 + Math.exp(-v)));
export const logSumExp = (x: Vector): number => {
  const most = Math.max(...x);
  return most + Math.log(total(x.map((v) => Math.exp(v - most))));
};
export const logSoftmax = (x: Vector): Vector => x.map((v) => v - logSumExp(x));
export const softmax = (x: Vector): Vector => logSoftmax(x).map(Math.exp);

/** The element of a list, which must exist. */
export function at<T>(list: readonly T[], i: number): T {
  const index = i < 0 ? list.length + i : i;
  if (!(index in list)) throw new RangeError(`at: index must be below ${list.length}, got ${i}`);
  return list[index] as T;
}

/** A flat list as rows of `width`. */
export const rowsOf = (flat: ArrayLike<number>, width: number): number[][] =>
  range(flat.length / width).map((i) => Array.from({ length: width }, (_, j) => flat[i * width + j] as number));

/** Numbers in [0, 1) from a seed, by mulberry32, which is not the package's generator. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
