import { AttentionForecaster } from '../models/attention-forecaster.ts';
import { buffer } from '../nn/buffer.ts';
import { Module } from '../nn/module.ts';
import { add, div, einsum, expand, mul, reshape, slice, sub } from '../ops/index.ts';
import { ones, tensor, zeros } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Sizes of a {@link ForecastModel}. */
export interface ForecastSizes {
  /** I, the number of columns. */
  channels: number;
  /** S, the rows of the past that it reads. */
  window: number;
  /** T, the rows that it forecasts. */
  horizon: number;
  /** Rows after which things come again; 1 for none. */
  season: number;
  /** N, the number of quantiles. */
  quantiles: number;
  /** D, the width of the LSTMs. */
  width: number;
}

/**
 * Forecasts in the units of the columns: a linear map of the past for each column, which is a buffer, and what {@link AttentionForecaster} of the columns over
 * their deviation, another buffer, corrects of it. A row's place in the season is counted from the first row of the future, so nobody has to say what hour it is.
 */
export class ForecastModel extends Module {
  /** Buffer `[I]`: the deviation of each column in the rows it learnt from, in the column's units. */
  readonly scale: Tensor;
  /** Buffer `[I, T, S]`: the linear map of each column. */
  readonly map: Tensor;
  /** Corrects the linear map; all that is trained. */
  readonly forecaster: AttentionForecaster;
  private readonly season: number;

  constructor({ channels, window, horizon, season, quantiles, width }: ForecastSizes, key: Key) {
    super();
    this.scale = buffer(() => ones([channels]));
    this.map = buffer(() => zeros([channels, horizon, window]));
    const sizes = { channels, seasons: season, hidden: width, quantiles, observed: true, dropout: 0.1 };
    this.forecaster = new AttentionForecaster(sizes, key);
    this.season = season;
  }

  /**
   * From the past `[B, S, I]`, missing values filled in, and which were observed to the quantiles of the next `steps` rows `[B, T, I, N]`, with the weights of
   * each over the past `[B, T, S]`.
   */
  forward(past: Tensor, observed: Tensor, steps: number, options: { key?: Key | undefined } = {}): { output: Tensor; weights: Tensor } {
    const [batch, length] = past.shape as [number, number];
    const seasons = { past: this.places(batch, -length, length), future: this.places(batch, 0, steps) };
    const { output, weights } = this.forecaster.forward(div(past, this.scale), seasons, { observed, ...options });
    const beyond = sub(slice(this.linear(past), 1, 0, steps), slice(past, 1, length - 1)); // [B, T, I]: what the map adds to the last row
    return { output: add(mul(output, reshape(this.scale, [-1, 1])), reshape(beyond, [...beyond.shape, 1])), weights };
  }

  /** The linear map of the past `[B, S, I]` as differences from its last row: `[B, T, I]`. */
  linear(past: Tensor): Tensor {
    const last = slice(past, 1, (past.shape[1] as number) - 1); // [B, 1, I]
    return add(einsum('bsi,its->bti', sub(past, last), this.map), last);
  }

  /** int32 `[B, count]`: places in the season from `first` on. */
  private places(batch: number, first: number, count: number): Tensor {
    const places = Array.from({ length: count }, (_, i) => (((first + i) % this.season) + this.season) % this.season);
    return expand(tensor([places], { dtype: 'int32' }), [batch, count]);
  }
}
