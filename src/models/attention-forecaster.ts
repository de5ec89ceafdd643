import { type Attention, bahdanau } from '../attention/attention.ts';
import { Dropout } from '../nn/dropout.ts';
import { Embedding } from '../nn/embedding.ts';
import { Linear } from '../nn/linear.ts';
import { Module } from '../nn/module.ts';
import { LSTM } from '../nn/recurrent.ts';
import { add, concat, reshape, slice, sub, toFloat } from '../ops/index.ts';
import { expectCall, expectKey, expectOptions, isFlag, isShare, isSize, maybe, type Names, type Rules, shown } from '../tensor/check.ts';
import { type Key, split } from '../tensor/random.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';
import { expectTokens } from './tokens.ts';

/** Options of a {@link AttentionForecaster}. */
export interface AttentionForecasterOptions {
  /** O, the number of series that are forecast together. */
  channels: number;
  /** The number of seasons: 24 hours, 12 months. */
  seasons: number;
  /** D, the width of both LSTMs and of the attention between them. */
  hidden: number;
  /** N, how many numbers are forecast for each: quantiles. Default: one, without an axis of its own. */
  quantiles?: number | undefined;
  /** Whether it is told which values of the past were observed, the others being filled in. Default false. */
  observed?: boolean | undefined;
  /** Width of a season's vector. Default 8. */
  embedding?: number | undefined;
  /** Probability of dropping an element before the output if a key is given. Default 0. */
  dropout?: number | undefined;
}

/** The season of each time, whole numbers below `seasons`: int32 `[B, S]` of the past, `[B, T]` of the future. */
export interface Seasons {
  /** int32 `[B, S]`. */
  past: Tensor;
  /** int32 `[B, T]`. */
  future: Tensor;
}

/** Options of a call. */
export interface ForecastOptions {
  /** Which values of the past were observed, bool `[B, S, I]`, for a model that is told. */
  observed?: Tensor | undefined;
  /** The random key of training. */
  key?: Key | undefined;
}

const calling: Names<ForecastOptions> = { observed: 0, key: 0 };

const rules: Rules<AttentionForecasterOptions> = {
  channels: isSize,
  seasons: isSize,
  hidden: isSize,
  quantiles: /* @__PURE__ */ maybe(isSize),
  observed: /* @__PURE__ */ maybe(isFlag),
  embedding: /* @__PURE__ */ maybe(isSize),
  dropout: /* @__PURE__ */ maybe(isShare),
};

/**
 * Forecasts several series at once. An LSTM reads the past, each channel as its difference from its last value, together with the season. A
 * second LSTM continues from its last state over the seasons of the future, and each of its steps attends to the past (Bahdanau, Cho and
 * Bengio 2015, §3.1). It also reads the past values themselves, so that it can repeat yesterday's. The result is again a difference from
 * the last value, and so follows the level of the past.
 */
export class AttentionForecaster extends Module {
  readonly season: Embedding;
  readonly encoder: LSTM;
  readonly decoder: LSTM;
  readonly attention: Attention;
  readonly output: Linear; // [O · N, 2 D + O]
  private readonly dropout: Dropout;
  private readonly channels: number;
  private readonly quantiles: number | undefined;
  private readonly told: boolean;

  constructor(options: AttentionForecasterOptions, key: Key) {
    super();
    expectOptions('AttentionForecaster', options, rules);
    expectKey('AttentionForecaster', key);
    const { channels, seasons, hidden, quantiles, observed = false, embedding: size = 8, dropout = 0 } = options;
    const [forSeason, forEncoder, forDecoder, forAttention, forOutput] = split(key, 5);
    this.season = new Embedding({ symbols: seasons, size }, forSeason);
    this.encoder = new LSTM({ input: channels * (observed ? 2 : 1) + size, hidden }, forEncoder);
    this.decoder = new LSTM({ input: size, hidden }, forDecoder);
    this.attention = bahdanau({ query: hidden, key: hidden, hidden }, forAttention);
    this.output = new Linear({ input: 2 * hidden + channels, output: channels * (quantiles ?? 1) }, forOutput);
    this.dropout = new Dropout({ p: dropout });
    this.channels = channels;
    this.quantiles = quantiles;
    this.told = observed;
  }

  /**
   * From the past `[B, S, I]` and both seasons to the future `[B, T, I]`, or `[B, T, I, N]` if there are quantiles, with the weights of each future time over
   * the past `[B, T, S]`.
   */
  forward(past: Tensor, seasons: Seasons, options: ForecastOptions = {}): { output: Tensor; weights: Tensor } {
    expectCall('AttentionForecaster', options, calling);
    if (!(past instanceof Tensor && past.dtype === 'float32' && past.rank === 3 && past.shape[2] === this.channels && past.shape[1])) {
      throw new RangeError(`AttentionForecaster: past must be float32 [B, S, ${this.channels}] with S from 1, got ${kindOf(past)}`);
    }
    const [batch, length] = past.shape;
    if (typeof seasons !== 'object' || !seasons)
      throw new TypeError(`AttentionForecaster: seasons must be { past, future }, got ${shown(seasons)}`);
    expectTokens('AttentionForecaster', 'seasons.past', seasons.past);
    expectTokens('AttentionForecaster', 'seasons.future', seasons.future);
    if (seasons.past.shape[0] !== batch || seasons.past.shape[1] !== length || seasons.future.shape[0] !== batch) {
      const got = `${show(seasons.past.shape)} and ${show(seasons.future.shape)}`;
      throw new RangeError(
        `AttentionForecaster: seasons must be [${batch}, ${length}] of the past and [${batch}, T] of the future, got ${got}`,
      );
    }
    const last = slice(past, 1, length - 1); // [B, 1, I]
    const moved = sub(past, last); // [B, S, I]
    const seen = this.seen(past, options.observed);
    const { output, state } = this.encoder.forward(concat([moved, ...seen, this.season.forward(seasons.past)], 2)); // [B, S, D]
    const steps = this.decoder.forward(this.season.forward(seasons.future), { state }).output; // [B, T, D]
    const { output: read, weights } = this.attention.forward(steps, output, concat([output, moved], 2)); // [B, T, D + I]
    const found = this.output.forward(this.dropout.forward(concat([steps, read], 2), { key: options.key })); // [B, T, I · N]
    if (this.quantiles === undefined) return { output: add(found, last), weights };
    const each = reshape(found, [batch as number, -1, this.channels, this.quantiles]); // [B, T, I, N]
    return { output: add(each, reshape(last, [...last.shape, 1])), weights };
  }

  /** Whether each value was observed, as numbers, if the model is told. */
  private seen(past: Tensor, observed: Tensor | undefined): Tensor[] {
    const right = observed instanceof Tensor && observed.dtype === 'bool' && sameShape(observed.shape, past.shape);
    if (this.told ? right : observed === undefined) return this.told ? [toFloat(observed as Tensor)] : [];
    const rule = this.told ? `must be bool ${show(past.shape)}` : 'must be left out where the model is not told of it';
    throw new TypeError(`AttentionForecaster: observed ${rule}, got ${kindOf(observed)}`);
  }
}
