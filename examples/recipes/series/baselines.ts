// The two baselines of the forecaster.
import type { Series } from './tables.ts';

/** The `rows` × `columns` numbers of a series from `start` on, in its order: channel by channel. */
export function rowsFrom(series: Series, start: number, count: number): Float64Array {
  const width = series.channels.length;
  return series.values.subarray(start * width, (start + count) * width);
}

/** Solves A x = b for a symmetric positive definite A `[n, n]` and several b `[n, m]` by Cholesky's factors, in place of b. */
function solve(a: Float64Array, b: Float64Array, n: number): void {
  const m = b.length / n;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] as number) * (a[j * n + k] as number);
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / (a[j * n + j] as number);
    }
  }
  const eliminate = (i: number, others: Iterable<number>, at: (k: number) => number) => {
    for (let c = 0; c < m; c++) {
      let sum = b[i * m + c] as number;
      for (const k of others) sum -= (a[at(k)] as number) * (b[k * m + c] as number);
      b[i * m + c] = sum / (a[i * n + i] as number);
    }
  };
  const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  for (let i = 0; i < n; i++) eliminate(i, range(0, i), (k) => i * n + k);
  for (let i = n - 1; i >= 0; i--) eliminate(i, range(i + 1, n), (k) => k * n + i);
}

/** A forecast of one window: `[future, channels]`. */
export type Forecast = (start: number) => Float64Array;

/** Repeats the last value. */
export function persistence(series: Series): Forecast {
  return (start) => {
    const last = rowsFrom(series, start - 1, 1);
    return Float64Array.from({ length: series.future * last.length }, (_, i) => last[i % last.length] as number);
  };
}

/**
 * A linear map of the past to the future for each channel, on differences from the last value (Zeng et al. 2023, NLinear), by least squares
 * over the training windows; `ridge` times the number of windows is added to the diagonal.
 */
export function linearMap(series: Series, windows: readonly number[], ridge = 1e-3): Forecast {
  const { past, future, values, channels } = series;
  const width = channels.length;
  const n = past; // differences of all past times except the last, which is 0, plus a constant
  const at = (t: number, c: number) => values[t * width + c] as number;
  const maps = channels.map((_, c) => {
    const [a, b] = [new Float64Array(n * n), new Float64Array(n * future)];
    const x = new Float64Array(n).fill(1);
    for (const start of windows) {
      const last = at(start - 1, c);
      for (let i = 0; i < n - 1; i++) x[i] = at(start - past + i, c) - last;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) a[i * n + j] = (a[i * n + j] as number) + (x[i] as number) * (x[j] as number);
        for (let f = 0; f < future; f++) b[i * future + f] = (b[i * future + f] as number) + (x[i] as number) * (at(start + f, c) - last);
      }
    }
    for (let i = 0; i < n; i++) a[i * n + i] = (a[i * n + i] as number) + ridge * windows.length;
    solve(a, b, n);
    return b;
  });
  return (start) => {
    const result = new Float64Array(future * width);
    maps.forEach((map, c) => {
      const last = at(start - 1, c);
      for (let f = 0; f < future; f++) {
        let sum = last + (map[(n - 1) * future + f] as number);
        for (let i = 0; i < n - 1; i++) sum += (at(start - past + i, c) - last) * (map[i * future + f] as number);
        result[f * width + c] = sum;
      }
    });
    return result;
  };
}
