// The linear baseline: least squares in float64, in turns with whatever else waits.

import { inTurns } from './turns.ts';

/** Windows at most, evenly spread, and windows in a turn. */
const [WINDOWS, TURN] = [2000, 50];

/** An example of the map: what is known, and what comes. */
export interface Moved {
  readonly past: Float64Array;
  readonly future: Float64Array;
}

/**
 * The map `[T, S]` of least squares from the past to the future, both as differences from the last value: the weights of NLinear (Zeng et al. 2023, §4.1) in
 * closed form, by normal equations with a thousandth of their mean diagonal added, and Cholesky's factors.
 */
export async function linearMap(count: number, example: (i: number) => Moved, signal?: AbortSignal): Promise<Float64Array> {
  const used = Math.min(count, WINDOWS);
  const { past: first, future: ahead } = example(0);
  const [size, steps] = [first.length, ahead.length];
  const square = new Float64Array(size * size);
  const right = new Float64Array(size * steps);
  const turns = Array.from({ length: Math.ceil(used / TURN) }, (_, turn) => turn * TURN);
  await inTurns(
    turns,
    (from) => {
      for (let i = from; i < Math.min(used, from + TURN); i++) accumulate(example(Math.floor((i * count) / used)), square, right);
    },
    signal,
  );
  const mean = Array.from({ length: size }, (_, i) => square[i * size + i] as number).reduce((a, b) => a + b, 0) / size;
  for (let i = 0; i < size; i++) square[i * size + i] = (square[i * size + i] as number) + 1e-3 * mean + 1e-12;
  return solved(square, right, size, steps);
}

function accumulate({ past, future }: Moved, square: Float64Array, right: Float64Array): void {
  const [size, steps] = [past.length, future.length];
  for (let a = 0; a < size; a++) {
    const x = past[a] as number;
    for (let b = 0; b <= a; b++) square[a * size + b] = (square[a * size + b] as number) + x * (past[b] as number);
    for (let t = 0; t < steps; t++) right[a * steps + t] = (right[a * steps + t] as number) + x * (future[t] as number);
  }
}

/** X of `A Xᵀ = B`: A symmetric `[n, n]`, of which the lower half is given and overwritten by its factor; B `[n, m]`; X `[m, n]`. */
function solved(a: Float64Array, b: Float64Array, n: number, m: number): Float64Array {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] as number) * (a[j * n + k] as number);
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / (a[j * n + j] as number);
    }
  }
  const x = new Float64Array(m * n);
  for (let t = 0; t < m; t++) {
    for (let i = 0; i < n; i++) {
      let sum = b[i * m + t] as number;
      for (let k = 0; k < i; k++) sum -= (a[i * n + k] as number) * (x[t * n + k] as number);
      x[t * n + i] = sum / (a[i * n + i] as number);
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = x[t * n + i] as number;
      for (let k = i + 1; k < n; k++) sum -= (a[k * n + i] as number) * (x[t * n + k] as number);
      x[t * n + i] = sum / (a[i * n + i] as number);
    }
  }
  return x;
}
