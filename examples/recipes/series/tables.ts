// Multivariate series: their sources, and how they are cut into past and future.
import { readFileSync } from 'node:fs';
import type { Context, DataNeed } from '../../runner/recipe.ts';

/** A series in consecutive parts; times after `dev` are reserved for a final figure. */
export interface Series {
  name: string;
  channels: string[];
  /** One row per time, standardised by the training part's mean and standard deviation. */
  values: Float64Array;
  /** The season of each time, a whole number below `seasons`. */
  season: Int32Array;
  seasons: number;
  /** Number of times in the training part, and in the development part after it. */
  train: number;
  dev: number;
  /** Number of times in the past and in the future of a window. */
  past: number;
  future: number;
}

export const need: DataNeed = {
  folder: 'ett',
  files: ['ETTh1.csv'],
  source: 'github.com/zhouhaoyi/ETDataset, CC BY-ND 4.0; without it: Seattle’s weather alone',
  optional: true,
};

type Parts = Pick<Series, 'name' | 'channels' | 'seasons' | 'train' | 'dev' | 'past' | 'future'>;

function seriesOf(rows: number[][], season: Int32Array, parts: Parts): Series {
  const width = parts.channels.length;
  const known = rows.slice(0, parts.train);
  const values = new Float64Array(rows.length * width);
  for (let c = 0; c < width; c++) {
    const mean = known.reduce((sum, row) => sum + (row[c] as number), 0) / known.length;
    const variance = known.reduce((sum, row) => sum + ((row[c] as number) - mean) ** 2, 0) / known.length;
    rows.forEach((row, t) => {
      values[t * width + c] = ((row[c] as number) - mean) / Math.sqrt(variance);
    });
  }
  return { ...parts, values, season };
}

const linesOf = (text: string) =>
  text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));

/** ETTh1, hourly, cut as in Informer (Zhou et al. 2021): months of 30 days, 12 for training, 4 for development, 4 for tests. */
export function etth1(context: Pick<Context, 'path'>): Series {
  const [head = [], ...lines] = linesOf(readFileSync(context.path('ETTh1.csv'), 'utf8'));
  const month = 30 * 24;
  return seriesOf(
    lines.slice(0, 16 * month).map((line) => line.slice(1).map(Number)),
    Int32Array.from(lines.slice(0, 16 * month), ([date = '']) => Number(date.slice(11, 13))),
    { name: 'ETTh1', channels: head.slice(1), seasons: 24, train: 12 * month, dev: 4 * month, past: 96, future: 24 },
  );
}

/** Seattle's weather, daily, from npm vega-datasets: 2012 and 2013 for training, 2014 for development, 2015 for tests. */
export function seattle(): Series {
  const place = new URL('../data/seattle-weather.csv', import.meta.resolve('vega-datasets'));
  const [head = [], ...lines] = linesOf(readFileSync(place, 'utf8'));
  const before = (year: number) => lines.findIndex(([date = '']) => date.startsWith(`${year}`));
  const rows = lines.slice(0, before(2015));
  return seriesOf(
    rows.map((line) => line.slice(1, 5).map(Number)),
    Int32Array.from(rows, ([date = '']) => Number(date.slice(5, 7)) - 1),
    { name: 'Seattle', channels: head.slice(1, 5), seasons: 12, train: before(2014), dev: rows.length - before(2014), past: 28, future: 7 },
  );
}

/** First future times of a part's windows; the past may reach back into the part before. */
export function starts({ train, dev, past, future }: Series, part: 'train' | 'dev'): number[] {
  const [from, to] = part === 'train' ? [past, train] : [train, train + dev];
  return Array.from({ length: Math.max(0, to - future + 1 - from) }, (_, i) => from + i);
}
