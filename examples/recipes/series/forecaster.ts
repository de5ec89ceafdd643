// An attention decoder for series, and the two methods that it has to be better than.
import {
  type Attention,
  add,
  bahdanau,
  concat,
  Dropout,
  Embedding,
  type Key,
  Linear,
  LSTM,
  Module,
  split,
  sub,
  type Tensor,
} from 'saccade';
import type { Series } from './tables.ts';

/**
 * From the past to the future at once. An LSTM reads the past, each channel as its distance from its last value, with the season; a second one, from
 * its last state, reads the future's seasons; each of its steps attends to the past (Bahdanau, Cho, Bengio 2015), whose values are read too,
 * so that what was a day ago can be repeated. The result is a distance from the last value again.
 */
export class Forecaster extends Module {
  readonly season: Embedding;
  readonly encoder: LSTM;
  readonly decoder: LSTM;
  readonly attention: Attention;
  readonly output: Linear;
  private readonly dropout: Dropout;

  constructor(sizes: { channels: number; seasons: number; hidden: number; dropout: number }, key: Key) {
    super();
    const { channels, seasons, hidden, dropout } = sizes;
    const keys = split(key, 5) as [Key, Key, Key, Key, Key];
    this.season = new Embedding({ symbols: seasons, size: 8 }, keys[0]);
    this.encoder = new LSTM({ input: channels + 8, hidden }, keys[1]);
    this.decoder = new LSTM({ input: 8, hidden }, keys[2]);
    this.attention = bahdanau({ query: hidden, key: hidden, hidden }, keys[3]);
    this.output = new Linear({ input: 2 * hidden + channels, output: channels }, keys[4]);
    this.dropout = new Dropout({ p: dropout });
  }

  /** `past` `[B, P, C]`, the seasons of past and future int32 `[B, P]` and `[B, F]` to the future `[B, F, C]`. */
  forward(past: Tensor, seasons: { past: Tensor; future: Tensor }, last: Tensor, options: { key?: Key } = {}) {
    const moved = sub(past, last); // [B, P, C]
    const { output, state } = this.encoder.forward(concat([moved, this.season.forward(seasons.past)], 2));
    const steps = this.decoder.forward(this.season.forward(seasons.future), { state }).output; // [B, F, H]
    const { output: read, weights } = this.attention.forward(steps, output, concat([output, moved], 2));
    const seen = this.dropout.forward(concat([steps, read], 2), options);
    return { future: add(this.output.forward(seen), last), weights };
  }
}

/** The numbers `rows` × `columns` of a series that begin at `start`, channel by channel as it stores them. */
export function rowsFrom(series: Series, start: number, count: number): Float64Array {
  const width = series.channels.length;
  return series.values.subarray(start * width, (start + count) * width);
}

/** Solves A x = b for a symmetric positive definite A `[n, n]` and several b `[n, m]`, in place of b: Cholesky's factors. */
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

/** The last value for ever. */
export function persistence(series: Series): Forecast {
  return (start) => {
    const last = rowsFrom(series, start - 1, 1);
    return Float64Array.from({ length: series.future * last.length }, (_, i) => last[i % last.length] as number);
  };
}

/**
 * For each channel its own linear map of the past to the future, both as distances from the last value (Zeng et al. 2023, NLinear), by least
 * squares over the training part's windows; `ridge` times the number of windows is added to the diagonal.
 */
export function linearMap(series: Series, windows: readonly number[], ridge = 1e-3): Forecast {
  const { past, future, values, channels } = series;
  const width = channels.length;
  const n = past; // distances of all past times but the last, which is 0, and a constant
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
