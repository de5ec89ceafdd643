// An attention decoder forecasts multivariate series, compared with the last value and with a linear map per channel.
import { Adam, cosineSchedule, foldIn, type Key, key, mseLoss, noGrad, parameters, scope, tensor } from 'saccade';
import { AttentionForecaster } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { permutation } from 'saccade/tensor';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Point, Recipe, Row } from '../../runner/recipe.ts';
import { type Forecast, linearMap, persistence, rowsFrom } from './baselines.ts';
import { etth1, need, type Series, seattle, starts } from './tables.ts';

interface Settings {
  data: 'ETTh1' | 'Seattle';
  key: number;
}

/** Mean squared and absolute errors, and squared errors by distance into the future. */
interface Errors {
  mse: number;
  mae: number;
  ahead: number[];
}

interface Outcome {
  parameters: number;
  curve: Point[];
  windows: number;
  future: number;
  ours: Errors;
  linear: Errors;
  last: Errors;
}

interface Teaching {
  hidden: number;
  dropout: number;
  batch: number;
  steps: number;
  lr: number;
  weightDecay: number;
}

const usual: Record<Settings['data'], Teaching> = {
  ETTh1: { hidden: 64, dropout: 0.3, batch: 64, steps: 1000, lr: 2e-3, weightDecay: 0 },
  Seattle: { hidden: 32, dropout: 0.3, batch: 32, steps: 800, lr: 2e-3, weightDecay: 0 },
};
const small: Teaching = { ...usual.Seattle, hidden: 16, steps: 200, lr: 1e-2 };

/** Windows in the form that the network takes. */
function windowsOf(series: Series, all: readonly number[]) {
  const { past, future, channels, season } = series;
  const [B, C] = [all.length, channels.length];
  const joined = (lists: Float64Array[], count: number) =>
    tensor(Float64Array.from(lists.flatMap((list) => Array.from(list))), { shape: [B, count, C] });
  const seasons = (offset: number, count: number) =>
    tensor(Int32Array.from(all.flatMap((start) => Array.from(season.subarray(start + offset, start + offset + count)))), {
      shape: [B, count],
    });
  return {
    past: joined(
      all.map((start) => rowsFrom(series, start - past, past)),
      past,
    ),
    future: joined(
      all.map((start) => rowsFrom(series, start, future)),
      future,
    ),
    seasons: { past: seasons(-past, past), future: seasons(0, future) },
  };
}

/** The network's forecasts, in batches. */
function forecasts(model: AttentionForecaster, series: Series, all: readonly number[]): Forecast {
  const known = new Map<number, Float64Array>();
  const size = series.future * series.channels.length;
  for (let at = 0; at < all.length; at += 256) {
    const some = all.slice(at, at + 256);
    const values = scope(() =>
      noGrad(() => {
        const { past, seasons } = windowsOf(series, some);
        return model.forward(past, seasons).output.toArray();
      }),
    );
    some.forEach((start, i) => {
      known.set(start, Float64Array.from(values.subarray(i * size, (i + 1) * size)));
    });
  }
  return (start) => known.get(start) as Float64Array;
}

function errorsOf(series: Series, all: readonly number[], forecast: Forecast): Errors {
  const width = series.channels.length;
  const ahead = new Array<number>(series.future).fill(0);
  let absolute = 0;
  for (const start of all) {
    const [found, right] = [forecast(start), rowsFrom(series, start, series.future)];
    found.forEach((value, i) => {
      const error = value - (right[i] as number);
      const f = Math.floor(i / width);
      ahead[f] = (ahead[f] as number) + error * error;
      absolute += Math.abs(error);
    });
  }
  const each = ahead.map((sum) => sum / (all.length * width));
  return { mse: each.reduce((a, b) => a + b, 0) / each.length, mae: absolute / (all.length * width * series.future), ahead: each };
}

async function taught(
  model: AttentionForecaster,
  series: Series,
  teaching: Teaching,
  context: Pick<Context, 'train'>,
  from: Key,
): Promise<Point[]> {
  const { batch, steps, lr, weightDecay } = teaching;
  const windows = starts(series, 'train');
  const dev = starts(series, 'dev').filter((_, i) => i % 7 === 0);
  function* batches(_epoch: number, order: Key) {
    const mixed = Array.from(permutation(order, windows.length), (i) => windows[i] as number);
    for (let at = 0; at + batch <= mixed.length; at += batch) yield mixed.slice(at, at + batch);
  }
  return context.train({
    model,
    optimizer: new Adam(parameters(model), { lr, weightDecay }),
    key: from,
    batches,
    loss: (some, { key: own }) => {
      const { past, seasons, future } = windowsOf(series, some);
      return mseLoss(model.forward(past, seasons, { key: own }).output, future);
    },
    steps,
    schedule: cosineSchedule(lr, { steps, warmup: Math.min(100, steps - 1) }),
    clip: 1,
    evaluate: () => errorsOf(series, dev, forecasts(model, series, dev)).mse,
    every: Math.ceil(steps / 20),
  });
}

export const series: Recipe<Settings, Outcome> = {
  name: 'series',
  shows:
    'An attention decoder on several series at once, standardised, on the months behind those of training; ETTh1’s test months are kept apart.',
  papers: ['Zhou et al. 2021 (Informer)', 'Zeng et al. 2023'],
  data: need,
  keys: 3,
  jobs: ({ keys, data, quick }) =>
    Array.from({ length: keys }, (_, key) =>
      (data && !quick ? (['ETTh1', 'Seattle'] as const) : (['Seattle'] as const)).map((name) => ({
        name: `${name}-${key}`,
        settings: { data: name, key },
      })),
    ).flat(),
  async job({ data, key: index }, context) {
    const table = data === 'ETTh1' ? etth1(context) : seattle();
    const teaching = context.quick ? small : usual[data];
    const { hidden, dropout } = teaching;
    const model = new AttentionForecaster(
      { channels: table.channels.length, seasons: table.seasons, hidden, dropout },
      foldIn(key(1), index),
    );
    const curve = await taught(model, table, teaching, context, foldIn(key(2), index));
    const dev = starts(table, 'dev');
    return {
      parameters: parameterCount(model),
      curve,
      windows: dev.length,
      future: table.future,
      ours: errorsOf(table, dev, forecasts(model, table, dev)),
      linear: errorsOf(table, dev, linearMap(table, starts(table, 'train'))),
      last: errorsOf(table, dev, persistence(table)),
    };
  },
  rows: (finished) =>
    (['ETTh1', 'Seattle'] as const).flatMap((data): Row[] => {
      const outcomes = finished.filter(({ settings }) => settings.data === data).map(({ outcome }) => outcome);
      const [first] = outcomes;
      if (!first) return [];
      const { linear, last, future } = first;
      const ahead = data === 'ETTh1' ? `${future} hours ahead` : `${future} days ahead`;
      const papers = { mse: 'test months: 0.650 LSTMa, 0.577 Informer', mae: 'test months: 0.624 LSTMa, 0.549 Informer' };
      const row = (of: 'mse' | 'mae', figure: string): Row => ({
        figure: `${figure}, ${data}, ${ahead}`,
        ours: outcomes.map(({ ours }) => ours[of]),
        digits: 3,
        ...(data === 'ETTh1' ? { paper: papers[of] } : {}),
        ...(data === 'ETTh1' && of === 'mse' ? { target: { atMost: 0.5 } } : {}),
        baseline: `${linear[of].toFixed(3)} a linear map each channel, ${last[of].toFixed(3)} the last value`,
      });
      return [row('mse', 'mean squared error'), row('mae', 'mean absolute error')];
    }),
  pictures: async (finished) => {
    const drawn = await Promise.all(
      (['ETTh1', 'Seattle'] as const).map(async (data) => {
        const first = finished.find(({ settings }) => settings.data === data)?.outcome;
        if (!first) return [];
        const line = (name: string, { ahead }: Errors) => ({ name, points: ahead.map((mse, i) => [i + 1, mse] as const) });
        const lines = [line('attention', first.ours), line('linear map', first.linear), line('last value', first.last)];
        const x = data === 'ETTh1' ? 'hours ahead' : 'days ahead';
        return [[data.toLowerCase(), await linesSvg(lines, { x, y: 'mean squared error', title: data })] as const];
      }),
    );
    return Object.fromEntries(drawn.flat());
  },
};
