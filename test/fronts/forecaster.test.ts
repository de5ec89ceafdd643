import { describe, expect, it } from 'vitest';
import { readColumns, seasonOf } from '../../src/fronts/columns.ts';
import { Forecaster } from '../../src/fronts/forecaster.ts';
import type { ColumnForecast } from '../../src/fronts/forecasting.ts';
import { linearMap } from '../../src/fronts/linear-map.ts';
import { pinball } from '../../src/fronts/pinball.ts';
import type { SaveReport } from '../../src/fronts/quality.ts';
import { windowsOf } from '../../src/fronts/windows.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { dice } from '../equations/plain.ts';

/** A day of 12 hours, warm and cold, whose size follows the other column. */
function weather(rows: number, seed: number) {
  const random = dice(seed);
  let level = 0;
  const sun = Array.from({ length: rows }, () => (level = 0.9 * level + random() - 0.5)); // biome-ignore format: a list
  const warmth = sun.map((s, t) => 20 + (4 + s) * Math.sin((2 * Math.PI * t) / 12) + 0.6 * (random() - 0.5));
  return { warmth, sun };
}

const columns = weather(360, 1);
const holes = { ...columns, warmth: columns.warmth.map((x, t) => (t % 17 === 3 ? null : t % 29 === 5 ? Number.NaN : x)) };
const options = { horizon: 6, width: 12, key: key(2) };
const front = await Forecaster.fit(holes, options);

describe('Forecaster', () => {
  it('finds the season, and forecasts what it never saw better than the last value', async () => {
    expect(front.sizes).toEqual({ horizon: 6, window: 24, season: 12 });
    const { errors, columns: found, windows, winner } = await front.evaluate(weather(200, 7));
    expect(windows).toBe(171);
    expect(errors.model).toBeLessThan(0.75 * errors.naive);
    expect(errors[winner]).toBe(Math.min(...Object.values(errors)));
    expect(found.warmth?.coverage).toBeGreaterThan(0.5);
  });

  it('says of each way just how far off it was', async () => {
    const rows = weather(31, 3);
    const { columns: found, windows, errors } = await front.evaluate(rows); // 2 windows
    expect(windows).toBe(2);
    const mean = (list: number[]) => list.reduce((a, b) => a + b) / list.length;
    const off = (guess: (start: number, t: number) => number) =>
      mean([0, 1].flatMap((start) => [0, 1, 2, 3, 4, 5].map((t) => Math.abs(guess(start, t) - (rows.warmth[start + 24 + t] as number)))));
    const forecasts = [0, 1].map((start) =>
      front.predict({ warmth: rows.warmth.slice(start, start + 24), sun: rows.sun.slice(start, start + 24) }),
    );
    expect(found.warmth?.naive).toBeCloseTo(off((start) => rows.warmth[start + 23] as number), 4); // biome-ignore format: one line
    expect(found.warmth?.seasonal).toBeCloseTo(off((start, t) => rows.warmth[start + 12 + t] as number), 4); // biome-ignore format: one line
    expect(found.warmth?.model).toBeCloseTo(off((start, t) => forecasts[start]?.columns.warmth?.median[t] as number), 4); // biome-ignore format: one line
    expect(found.warmth?.linear).toBeCloseTo(off((start, t) => forecasts[start]?.columns.warmth?.linear[t] as number), 4); // biome-ignore format: one line
    const scale = front.model.scale.toArray();
    expect(errors.naive).toBeCloseTo(((found.warmth?.naive as number) / (scale[0] as number) + (found.sun?.naive as number) / (scale[1] as number)) / 2, 6); // biome-ignore format: one line
  });

  it('forecasts a column near 2³⁰ as it does the same one near 0', async () => {
    const near = weather(140, 11).warmth.map((x) => Math.round(x * 4096) / 4096); // exact in float64 at both levels
    const [low, high] = await Promise.all(
      [0, 2 ** 30].map((level) => Forecaster.fit({ x: near.map((x) => x + level) }, { ...options, season: 12 })),
    );
    const [found, far] = [low, high].map((each) => each?.predict().columns.x) as [ColumnForecast, ColumnForecast];
    expect(Math.max(...found.median) - Math.min(...found.median)).toBeGreaterThan(1); // it moves, by less than float32 can tell at 2³⁰
    far.median.forEach((value, t) => expect(value - 2 ** 30).toBeCloseTo(found.median[t] as number, 3));
    far.linear.forEach((value, t) => expect(value - 2 ** 30).toBeCloseTo(found.linear[t] as number, 3));
    expect(high?.comparison.columns.x?.naive).toBeCloseTo(low?.comparison.columns.x?.naive as number, 6);
    expect(high?.comparison.columns.x?.model).toBeCloseTo(low?.comparison.columns.x?.model as number, 3);
  });

  it('goes on from its last row, with quantiles and where it looked', () => {
    const { columns: found, weights } = front.predict();
    expect(found.warmth?.median.length).toBe(6);
    for (const quantiles of found.warmth?.quantiles ?? []) expect([...quantiles].sort((a, b) => a - b)).toEqual(quantiles);
    expect(found.warmth?.median).toEqual(found.warmth?.quantiles.map(([, middle]) => middle));
    for (const row of weights) expect([row.length, expect.closeTo(row.reduce((a, b) => a + b), 5)]).toEqual([24, 1]); // biome-ignore format: one line
    const last = { warmth: holes.warmth.slice(-24), sun: holes.sun.slice(-24) };
    expect(front.predict(last)).toEqual(front.predict());
    expect(front.predict(holes)).toEqual(front.predict());
  });

  it('finds what is strange', async () => {
    const rows = weather(80, 5);
    const usual = (await front.score(rows)).warmth as (number | null)[];
    rows.warmth[60] = 45;
    rows.warmth[70] = Number.NaN;
    const { warmth = [] } = await front.score(rows);
    expect(warmth.slice(0, 24).every((score) => score === null)).toBe(true);
    expect(warmth[70]).toBeNull();
    expect(warmth[59]).toBe(usual[59]);
    expect(warmth[60]).toBe(Math.max(...warmth.slice(0, 61).map(Number)));
    expect(warmth[60]).toBeGreaterThan(5);
    const middle = usual.filter((score) => score !== null).sort((a, b) => a - b)[28];
    expect(middle).toBeLessThan(1.2);
  });

  it('is one file, from which it comes back whole, and the same bits again', async () => {
    const bytes = front.save();
    const loaded = await Forecaster.load(bytes);
    expect(loaded.save()).toEqual(bytes);
    const told: SaveReport[] = [];
    front.save({ weights: 'int8', onMeasured: (report) => void told.push(report) });
    expect(told[0]?.exact?.loss).toBeCloseTo(front.report.heldOutLoss ?? 0, 4);
    expect(told[0]?.saved?.loss).not.toBe(told[0]?.exact?.loss);
    expect(told[0]?.saved?.loss).toBeCloseTo(told[0]?.exact?.loss ?? 0, 1);
    expect(told[0]?.exact?.accuracy).toBeUndefined();
    expect(loaded.predict()).toEqual(front.predict());
    expect(loaded.comparison).toEqual(front.comparison);
    const few = { ...options, onProgress: ({ step }: { step: number }) => step < 3 };
    expect((await Forecaster.fit(holes, few)).save()).toEqual((await Forecaster.fit(holes, few)).save());
  });

  it('goes on learning, and forecasts from the new end', async () => {
    const own = await Forecaster.load(front.save());
    const later = weather(120, 8);
    await own.update(later, { onProgress: ({ step }) => step < 5 });
    expect(own.predict()).toEqual(own.predict({ warmth: later.warmth.slice(-24), sun: later.sun.slice(-24) }));
    expect(own.report.learnt).toBe(67);
  });

  it.each<[string, unknown, object, string]>([
    ['ragged', { a: [1, 2, 3], b: [1, 2] }, {}, 'column b must have 3 rows as a has, got 2'],
    ['infinite', { a: [1, Infinity] }, {}, 'row 1 of column a must be a finite number, null or NaN, got Infinity'],
    ['text', { a: [1, '2'] }, {}, "row 1 of column a must be a finite number, null or NaN, got '2'"],
    ['empty', { a: [null, NaN] }, {}, 'column a must have a value, got none in 2 rows'],
    ['none', {}, {}, 'columns must be lists of numbers by name, got an object'],
    [
      'short',
      { a: Array.from({ length: 20 }, (_, i) => i % 3) },
      { season: 1 },
      'rows must be at least 32 for a window of 12 and a horizon of 6, got 20',
    ],
    ['constant', { a: new Array(60).fill(3) }, {}, 'column a must change in the rows to learn from, got one value'],
    [
      'quantiles',
      columns,
      { quantiles: [0.9, 0.5] },
      'quantiles must be ascending numbers between 0 and 1 with 0.5 among them, got [0.9, 0.5]',
    ],
    ['horizon', columns, { horizon: 0 }, 'horizon must be a whole number from 1, got 0'],
  ])('names what is wrong: %s', async (_, wrong, more, message) => {
    await expect(Forecaster.fit(wrong as typeof columns, { horizon: 6, ...more })).rejects.toThrow(`Forecaster.fit: ${message}`);
  });

  it('names what else is wrong', () => {
    expect(() => front.predict({ warmth: [1], sun: [2] })).toThrow('Forecaster.predict: rows must be at least 24, got 1');
    expect(() => front.predict({ warmth: [1] })).toThrow('Forecaster.predict: column sun must be a list of numbers, got undefined');
  });
});

describe('what forecasts are made of', () => {
  it('fills what is missing with the value before', () => {
    const { filled, observed } = readColumns('x', { a: [null, 2, NaN, 5], b: [1, 1, 1, 1] });
    expect([Array.from(filled), Array.from(observed)]).toEqual([[2, 1, 2, 1, 2, 1, 5, 1], [0, 1, 1, 1, 0, 1, 1, 1]]); // biome-ignore format: two lists
  });

  it('cuts windows of differences from their last row, and says what of the past and of the future was there', () => {
    const read = readColumns('x', { a: [0, null, 2, 3, null, 5] });
    const { past, seen, future, known, last } = windowsOf(read, [0, 2], 2, 2);
    expect([past.toNested(), future.toNested()]).toEqual([[[[0], [0]], [[-1], [0]]], [[[2], [3]], [[0], [2]]]]); // biome-ignore format: two windows
    expect([...last]).toEqual([0, 3]);
    expect(seen.toNested()).toEqual([[[true], [false]], [[true], [true]]]); // biome-ignore format: two windows
    expect(known.toNested()).toEqual([[[true], [true]], [[false], [true]]]); // biome-ignore format: two windows
  });

  it.each([7, 24])('finds a season of %d rows, and none in noise', (season) => {
    const random = dice(season);
    const a = Array.from({ length: 400 }, (_, t) => Math.sin((2 * Math.PI * t) / season) + 0.2 * random());
    expect(seasonOf(readColumns('x', { a }))).toBe(season);
    expect(seasonOf(readColumns('x', { a: a.map(() => random()) }))).toBe(1);
  });

  it('finds the map by which rows were made', async () => {
    const random = dice(4);
    const truth = [[0.5, -1, 2], [1, 0, -0.25]]; // biome-ignore format: a map
    const rows = Array.from({ length: 200 }, () => {
      const past = Float64Array.from({ length: 3 }, () => random() - 0.5);
      return { past, future: Float64Array.from(truth, (w) => w.reduce((sum, x, s) => sum + x * (past[s] as number), 0)) };
    });
    const map = await linearMap(200, (i) => rows[i] as (typeof rows)[number]);
    truth.flat().forEach((x, i) => expect(map[i]).toBeCloseTo(x, 2));
  });

  it('is least at the quantile', () => {
    const loss = (guess: number) =>
      scope(() => {
        const truth = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 99], { shape: [10, 1, 1] });
        const known = tensor([1, 1, 1, 1, 1, 1, 1, 1, 1, 0], { shape: [10, 1, 1], dtype: 'bool' });
        return pinball(tensor(new Array(10).fill(guess), { shape: [10, 1, 1, 1] }), truth, known, tensor([2]), [0.75]).item();
      });
    const wanted = (guess: number) =>
      [1, 2, 3, 4, 5, 6, 7, 8, 9].reduce((sum, y) => sum + Math.max(0.75 * (y - guess), -0.25 * (y - guess)), 0) / 9 / 2;
    for (const guess of [0, 3, 6.5, 7, 8, 12]) expect(loss(guess)).toBeCloseTo(wanted(guess), 5);
    expect(loss(7)).toBeLessThan(Math.min(loss(6.5), loss(7.5)));
  });
});
