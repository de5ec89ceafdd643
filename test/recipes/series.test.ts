import { expect, it } from 'vitest';
import { linearMap, persistence, rowsFrom } from '../../examples/recipes/series/baselines.ts';
import { series } from '../../examples/recipes/series/index.ts';
import { type Series, seattle, starts } from '../../examples/recipes/series/tables.ts';
import { cook, quickly } from './recipe.ts';

/** Two channels that swing around other means: a linear map of the last values says the future exactly. */
function swinging(): Series {
  const values = Float64Array.from({ length: 2 * 300 }, (_, i) => (i % 2 === 0 ? Math.sin(0.4 * i) : 3 + Math.cos(0.25 * i)));
  const parts = { name: 'made', channels: ['a', 'b'], seasons: 1, train: 200, dev: 100, past: 6, future: 4 };
  return { ...parts, values, season: new Int32Array(300) };
}

it('windows ask for nothing beyond their part, and each part for all it has', () => {
  const made = swinging();
  expect([starts(made, 'train')[0], starts(made, 'train').at(-1)]).toEqual([6, 196]);
  expect([starts(made, 'dev')[0], starts(made, 'dev').at(-1)]).toEqual([200, 296]);
});

it('the linear map a channel finds what is linear, and persistence says the last value', () => {
  const made = swinging();
  const forecast = linearMap(made, starts(made, 'train'), 1e-9);
  const still = persistence(made);
  for (const start of starts(made, 'dev')) {
    const right = rowsFrom(made, start, made.future);
    forecast(start).forEach((value, i) => expect(value).toBeCloseTo(right[i] as number, 5));
    expect(Array.from(still(start))).toEqual([0, 1, 2, 3].flatMap(() => Array.from(rowsFrom(made, start - 1, 1))));
  }
});

it('Seattle’s years follow one another, standardised by those of training', () => {
  const weather = seattle();
  expect([weather.train, weather.dev, weather.channels]).toEqual([731, 365, ['precipitation', 'temp_max', 'temp_min', 'wind']]);
  expect(weather.values.length).toBe(4 * (731 + 365)); // 2015 is not even there
  for (let c = 0; c < 4; c++) {
    const known = Array.from({ length: weather.train }, (_, t) => weather.values[4 * t + c] as number);
    const mean = known.reduce((a, b) => a + b) / known.length;
    expect(mean).toBeCloseTo(0, 10);
    expect(known.reduce((a, b) => a + (b - mean) ** 2, 0) / known.length).toBeCloseTo(1, 10);
  }
});

it('series learns more than that the weather stays as it is', async () => {
  const finished = await cook(series);
  const [first] = finished.map(({ outcome }) => outcome);
  expect(first?.ours.mse).toBeLessThan(0.8 * (first?.last.mse ?? 0));
  expect(series.rows(finished, quickly).map(({ figure }) => figure)).toEqual([
    'mean squared error, Seattle, 7 days ahead',
    'mean absolute error, Seattle, 7 days ahead',
  ]);
  expect(Object.keys((await series.pictures?.(finished, quickly)) ?? {})).toEqual(['seattle']);
});
