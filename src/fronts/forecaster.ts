import { infer } from '../autograd/infer.ts';
import type { FileSource } from '../io/source.ts';
import { assign } from '../nn/buffer.ts';
import { expectOptions } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { foldIn, type Key, key } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import { batchesOf } from './batches.ts';
import { type Columns, deviationsOf, type ReadColumns, readColumns, seasonOf } from './columns.ts';
import { Errors, type ForecastEvaluation } from './comparison.ts';
import { frontOf } from './file.ts';
import { ForecastModel } from './forecast-model.ts';
import {
  type ColumnForecast,
  type Forecast,
  type ForecasterOptions,
  type ForecasterSettings,
  fitting,
  settingsRules,
} from './forecasting.ts';
import { Front, type FrontReport, keyOf, teachingRules, UNTAUGHT, widthFor } from './front.ts';
import { linearMap } from './linear-map.ts';
import { pinball } from './pinball.ts';
import { lossNow, type Pupil, type TeachingOptions, taught } from './teaching.ts';
import { inTurns } from './turns.ts';
import { windowsOf } from './windows.ts';

/** The first rate of AdamW. */
const RATE = 3e-3;

/** Windows that are held out, at most: evenly spread over the last fifth. */
const HELD_OUT = 500;

const NOTHING: ForecastEvaluation = { windows: 0, errors: { model: 0, naive: 0, seasonal: 0, linear: 0 }, winner: 'model', columns: {} };

/**
 * The next rows of columns, learnt from those so far: `const front = await Forecaster.fit({ temperature }, { horizon: 24 })`, then
 * `front.predict().columns.temperature.median`. Each value is forecast by its quantiles, with the rows of the past that the model looked at. What needs no learning
 * is compared on the same rows: `front.comparison.winner` says whether the model was worth it.
 */
export class Forecaster extends Front<ForecastModel> {
  protected override readonly kind = 'Forecaster';
  private state: ForecasterSettings;

  private constructor(settings: ForecasterSettings, key: Key) {
    const { names, quantiles, window, horizon, season, width } = settings;
    super(new ForecastModel({ channels: names.length, window, horizon, season, quantiles: quantiles.length, width }, key));
    this.state = settings;
  }

  /**
   * Learns from columns. The last fifth of the rows is held out: learning stops when these are forecast no better, the best weights stay, and the comparison is of
   * these. The same columns, options and key give the same bits everywhere.
   */
  static async fit(columns: Columns, options: ForecasterOptions): Promise<Forecaster> {
    const op = 'Forecaster.fit';
    expectOptions(op, options, fitting);
    const read = readColumns(op, columns);
    const { horizon, season = seasonOf(read), quantiles = [0.1, 0.5, 0.9], onProgress, signal } = options;
    const window = options.window ?? Math.max(8, 2 * season, 2 * horizon);
    const { width = widthFor(read.rows) } = options;
    const known = { names: read.names, horizon, window, season, quantiles, width, tail: {}, comparison: NOTHING, report: UNTAUGHT };
    const front = new Forecaster(known, foldIn(keyOf(options), 0));
    const { learn } = front.parts(op, read);
    const scale = deviationsOf(read, (learn.at(-1) as number) + window + horizon);
    const constant = scale.findIndex((deviation) => !(deviation > 0));
    if (constant >= 0) throw new RangeError(`${op}: column ${read.names[constant]} must change in the rows to learn from, got one value`);
    scope(() => assign(front.model.scale, tensor(scale)));
    await front.fitMap(read, learn, signal);
    await front.learn(op, read, { onProgress, signal, key: keyOf(options) }, false);
    return front;
  }

  /** Opens what {@link Front.save} gave: a path (Node), bytes, a Blob or a Response. */
  static async load(source: FileSource): Promise<Forecaster> {
    return frontOf('Forecaster', source, settingsRules, (settings) => new Forecaster(settings, key(0)));
  }

  override get report(): FrontReport {
    return this.state.report;
  }

  /** How it and what needs no learning did on the rows that were held out. */
  get comparison(): ForecastEvaluation {
    return this.state.comparison;
  }

  /** Rows that it forecasts, rows that it reads, and after how many things come again. */
  get sizes(): { readonly horizon: number; readonly window: number; readonly season: number } {
    const { horizon, window, season } = this.state;
    return { horizon, window, season };
  }

  /** What comes after the rows that it knows, or after these: the same columns, of which it reads the last `window` rows. */
  predict(columns: Columns = this.state.tail): Forecast {
    const { names, window, horizon, quantiles } = this.state;
    const read = this.readPast('Forecaster.predict', columns, window);
    return infer(() => {
      const { past, seen, last } = windowsOf(read, [read.rows - window], window, 0);
      const { output, weights } = this.model.forward(past, seen, horizon);
      const [all, line, looked] = [output, this.model.linear(past), weights].map((x) => Array.from(x.toArray())) as [
        number[],
        number[],
        number[],
      ];
      const at = (t: number, c: number) => ascending(all, (t * names.length + c) * quantiles.length, quantiles.length, last[c]);
      const rows = Array.from({ length: horizon }, (_, t) => t);
      const column = (c: number): ColumnForecast => ({
        median: rows.map((t) => at(t, c)[quantiles.indexOf(0.5)] as number),
        quantiles: rows.map((t) => at(t, c)),
        linear: rows.map((t) => (line[t * names.length + c] as number) + (last[c] as number)),
      });
      return {
        columns: Object.fromEntries(names.map((name, c) => [name, column(c)])),
        weights: rows.map((t) => looked.slice(t * window, (t + 1) * window)),
      };
    });
  }

  /** How rows are forecast that it never saw, beside what needs no learning: each row that has enough before and behind it, at most 500. */
  async evaluate(columns: Columns, options: { signal?: AbortSignal | undefined } = {}): Promise<ForecastEvaluation> {
    expectOptions('Forecaster.evaluate', options, { signal: teachingRules.signal });
    const { window, horizon } = this.state;
    const read = this.readPast('Forecaster.evaluate', columns, window + horizon);
    return this.compared(read, spread(0, read.rows - window - horizon + 1), options.signal);
  }

  /**
   * How strange each value is, given the rows before it: its distance from the median over that of the outer quantile on its side. 1 is at the edge, 3 is three
   * times as far. `null` where the value or the past is missing.
   */
  async score(columns: Columns, options: { signal?: AbortSignal | undefined } = {}): Promise<Record<string, (number | null)[]>> {
    expectOptions('Forecaster.score', options, { signal: teachingRules.signal });
    const { names, window, quantiles } = this.state;
    const read = this.readPast('Forecaster.score', columns, window + 1);
    const scores = names.map(() => new Array<number | null>(read.rows).fill(null));
    const starts = Array.from({ length: read.rows - window }, (_, i) => i);
    const middle = quantiles.indexOf(0.5);
    await this.eachWindow(read, starts, 1, options.signal, (start, c, _, truth, found) => {
      const [low, median, high] = [found[0], found[middle], found.at(-1)] as [number, number, number];
      const reach = truth > median ? high - median : median - low;
      (scores[c] as (number | null)[])[start + window] = Math.abs(truth - median) / Math.max(reach, 2 ** -100);
    });
    return Object.fromEntries(names.map((name, c) => [name, scores[c] as (number | null)[]]));
  }

  /** Goes on learning from the same columns at another time, at a third of the rate, and forecasts from their end. The weights from before stay if none are better. */
  async update(columns: Columns, options: TeachingOptions = {}): Promise<this> {
    expectOptions('Forecaster.update', options, teachingRules);
    const read = readColumns('Forecaster.update', columns, this.state.names);
    await this.learn('Forecaster.update', read, { ...options, key: keyOf(options) }, true);
    return this;
  }

  protected override settings(): ForecasterSettings {
    return this.state;
  }

  private async learn(op: string, read: ReadColumns, options: TeachingOptions & { key: Key }, goesOn: boolean): Promise<void> {
    const { learn, heldOut } = this.parts(op, read);
    const pupil = this.pupil(read);
    const { steps, heldOutLoss } = await taught(pupil, { learn, heldOut, lr: goesOn ? RATE / 3 : RATE, goesOn }, options);
    this.asking = { rows: heldOut.length, quality: () => ({ loss: lossNow(pupil, heldOut) }) };
    const comparison = await this.compared(read, heldOut, options.signal);
    const report = { learnt: learn.length, heldOut: heldOut.length, steps, heldOutLoss };
    this.state = { ...this.state, report, comparison, tail: tailOf(read, this.state.window) };
  }

  /** The first rows of the windows to learn from, which end before the last fifth, and of those whose future lies in it. */
  private parts(op: string, { rows }: ReadColumns): { learn: number[]; heldOut: number[] } {
    const { window, horizon } = this.state;
    const least = Math.max(5 * horizon, Math.ceil((5 / 4) * (window + horizon + 7)));
    if (rows < least)
      throw new RangeError(`${op}: rows must be at least ${least} for a window of ${window} and a horizon of ${horizon}, got ${rows}`);
    const cut = Math.floor(0.8 * rows);
    return {
      learn: Array.from({ length: cut - window - horizon + 1 }, (_, i) => i),
      heldOut: spread(cut - window, rows - window - horizon + 1),
    };
  }

  private pupil(read: ReadColumns): Pupil<number> {
    const { window, horizon, quantiles } = this.state;
    return {
      model: this.model,
      length: () => window + horizon,
      cost: (length) => this.cost(length),
      loss: (starts, key) => {
        const { past, seen, future, known } = windowsOf(read, starts, window, horizon);
        return pinball(this.model.forward(past, seen, horizon, { key }).output, future, known, this.model.scale, quantiles);
      },
    };
  }

  /** The products of both LSTMs, and of the attention between them. */
  private cost(length: number): number {
    const { width, names, horizon } = this.state;
    return length * width * (4 * (width + 2 * names.length + 8) + width + horizon);
  }

  private async fitMap(read: ReadColumns, learn: readonly number[], signal: AbortSignal | undefined): Promise<void> {
    const { names, window, horizon } = this.state;
    const maps: number[] = [];
    for (const c of names.keys()) {
      const at = (row: number) => read.filled[row * names.length + c] as number;
      const example = (i: number) => {
        const start = learn[i] as number;
        const last = at(start + window - 1);
        return {
          past: Float64Array.from({ length: window }, (_, s) => at(start + s) - last),
          future: Float64Array.from({ length: horizon }, (_, t) => at(start + window + t) - last),
        };
      };
      maps.push(...(await linearMap(learn.length, example, signal)));
    }
    scope(() => assign(this.model.map, tensor(maps, { shape: [names.length, horizon, window] })));
  }

  private async compared(read: ReadColumns, starts: readonly number[], signal: AbortSignal | undefined): Promise<ForecastEvaluation> {
    const { names, window, season, horizon, quantiles } = this.state;
    const errors = new Errors(names);
    const at = (row: number, c: number) => read.filled[row * names.length + c] as number;
    await this.eachWindow(read, starts, horizon, signal, (start, c, t, truth, found, linear) => {
      const end = start + window;
      const before = season * Math.ceil((t + 1) / season);
      const seasonal = before <= window ? at(end + t - before, c) : at(end - 1, c);
      const model = found[quantiles.indexOf(0.5)] as number;
      errors.add(c, { truth, model, naive: at(end - 1, c), seasonal, linear, low: found[0] as number, high: found.at(-1) as number });
    });
    return errors.over(starts.length, Array.from(this.model.scale.toArray()));
  }

  /** Tells of each observed value after each window what the model and the linear map said of it. */
  private async eachWindow(
    read: ReadColumns,
    starts: readonly number[],
    steps: number,
    signal: AbortSignal | undefined,
    tell: (start: number, column: number, step: number, truth: number, quantiles: readonly number[], linear: number) => void,
  ): Promise<void> {
    const { names, window, horizon, quantiles } = this.state;
    const [channels, count] = [names.length, quantiles.length];
    const cost = (length: number) => this.cost(length);
    const pieces = batchesOf(starts.map(() => window + steps), { batchSize: 64, cost }); // biome-ignore format: one call
    const work = (piece: readonly number[]) => {
      const some = piece.map((i) => starts[i] as number);
      const { past, seen, last } = windowsOf(read, some, window, 0);
      const found = Array.from(this.model.forward(past, seen, steps).output.toArray());
      const line = this.model.linear(past).toArray();
      for (const [b, start] of some.entries()) {
        for (let at = 0; at < steps * channels; at++) {
          const row = (start + window) * channels + at;
          if (!read.observed[row]) continue;
          const [c, t, truth] = [at % channels, Math.floor(at / channels), read.filled[row] as number];
          const level = last[b * channels + c] as number;
          const own = ascending(found, (b * steps * channels + at) * count, count, level);
          tell(start, c, t, truth, own, (line[b * horizon * channels + at] as number) + level);
        }
      }
    };
    await inTurns(pieces, work, signal);
  }

  private readPast(op: string, columns: Columns, least: number): ReadColumns {
    const read = readColumns(op, columns, this.state.names);
    if (read.rows < least) throw new RangeError(`${op}: rows must be at least ${least}, got ${read.rows}`);
    return read;
  }
}

/** Quantiles put in order, as they must be (Chernozhukov, Fernández-Val, Galichon 2010), from a level. */
const ascending = (all: readonly number[], from: number, count: number, level = 0) =>
  all
    .slice(from, from + count)
    .sort((a, b) => a - b)
    .map((value) => value + level);

/** At most {@link HELD_OUT} numbers from `from` up to `to`, evenly spread. */
const spread = (from: number, to: number): number[] => {
  const count = Math.min(to - from, HELD_OUT);
  return Array.from({ length: count }, (_, i) => from + Math.floor((i * (to - from)) / count));
};

/** The last rows of each column, `null` where nothing was observed. */
const tailOf = ({ names, rows, filled, observed }: ReadColumns, count: number): ForecasterSettings['tail'] =>
  Object.fromEntries(
    names.map((name, c) => [
      name,
      Array.from({ length: count }, (_, i) => (rows - count + i) * names.length + c).map((at) =>
        observed[at] ? (filled[at] as number) : null,
      ),
    ]),
  );
