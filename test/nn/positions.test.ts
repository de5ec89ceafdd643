// Tables of positions against values that Python's decimal worked out in 60 digits (scripts/fixtures/positions.py).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alibiSlopes, distanceBuckets, rotaryTable, sinusoidalTable } from '../../src/nn/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list } from './row.ts';

interface Row {
  position: number;
  values: string[];
}

interface Table<O> {
  options: O;
  rows: Row[];
}

const { rotary, sinusoidal, alibi } = JSON.parse(readFileSync(new URL('../fixtures/positions.json', import.meta.url), 'utf8')) as {
  rotary: Table<Parameters<typeof rotaryTable>[0]>[];
  sinusoidal: Table<Parameters<typeof sinusoidalTable>[0]>[];
  alibi: { heads: number; slopes: string[] }[];
};

const rowsOf = (x: Tensor) => {
  const [length, width] = x.shape as [number, number];
  const values = x.toArray();
  return (row: number) => Array.from(values.subarray((row % length) * width, (row + 1) * width));
};

describe('tables are the float32s nearest to the true values', () => {
  it.each(rotary.map((table) => [JSON.stringify(table.options), table] as const))('rotaryTable %s', (_, { options, rows }) => {
    const row = rowsOf(rotaryTable(options));
    for (const { position, values } of rows) expect(row(position)).toEqual(values.map((value) => Math.fround(Number(value))));
  });

  it.each(sinusoidal.map((table) => [JSON.stringify(table.options), table] as const))('sinusoidalTable %s', (_, { options, rows }) => {
    const row = rowsOf(sinusoidalTable(options));
    const first = options.first ?? 0;
    for (const { position, values } of rows) expect(row(position - first)).toEqual(values.map((value) => Math.fround(Number(value))));
  });

  it.each(alibi.map(({ heads, slopes }) => [heads, slopes] as const))('alibiSlopes of %i heads', (heads, slopes) => {
    expect(list(alibiSlopes(heads))).toEqual(slopes.map((value) => Math.fround(Number(value))));
  });
});

describe('rotaryTable', () => {
  it('begins with the bits of a shorter one', () => {
    const scaling = { kind: 'llama3', factor: 8, lowFactor: 1, highFactor: 4, originalLength: 32 } as const;
    const short = list(rotaryTable({ width: 12, length: 7, scaling }));
    expect(list(rotaryTable({ width: 12, length: 300, scaling })).slice(0, short.length)).toEqual(short);
  });

  it.each([
    ['dynamic', "rotaryTable: scaling must not change with the length of a text, which a cache could not follow, got 'dynamic'"],
    ['yarn', "rotaryTable: scaling.kind must be linear or llama3, got 'yarn'"],
  ])('refuses %s scaling', (kind, message) => {
    const scaling = { kind, factor: 2 } as never;
    expect(() => rotaryTable({ width: 4, length: 3, scaling })).toThrow(message);
    expect(() => rotaryTable({ width: 4, length: 3, scaling: kind as never })).toThrow(message);
  });

  it('says what a scaling lacks', () => {
    const of = (scaling: object) => () => rotaryTable({ width: 4, length: 3, scaling: scaling as never });
    expect(of({ kind: 'linear' })).toThrow('rotaryTable: factor must be a number above 0, got undefined');
    expect(of({ kind: 'linear', factor: 2, lowFactor: 1 })).toThrow('rotaryTable: options must be among kind, factor, got lowFactor');
    expect(of({ kind: 'llama3', factor: 2, lowFactor: 4, highFactor: 4, originalLength: 9 })).toThrow(
      'rotaryTable: lowFactor must be below highFactor, got 4 and 4',
    );
    expect(of({ kind: 'llama3', factor: 2, lowFactor: 1, highFactor: 4 })).toThrow('rotaryTable: originalLength must be a number above 0');
  });

  it.each([0, 3, 2.5, -2, Number.NaN])('refuses a width of %d', (width) => {
    expect(() => rotaryTable({ width, length: 3 })).toThrow(`rotaryTable: width must be an even whole number from 2, got ${width}`);
  });

  it.each([1, 0, -3, Infinity])('refuses base %d', (base) => {
    expect(() => rotaryTable({ width: 4, length: 3, base })).toThrow(`rotaryTable: base must be a number above 1, got ${base}`);
  });
});

it('sinusoidalTable refuses presets that it does not know, and odd sizes', () => {
  expect(() => sinusoidalTable({ length: 3, size: 4, preset: 'bert' as never })).toThrow(
    "sinusoidalTable: preset must be one of vaswani, tensor2tensor, got 'bert'",
  );
  expect(() => sinusoidalTable({ length: 3, size: 5 })).toThrow('sinusoidalTable: size must be an even whole number from 2, got 5');
});

it.each([0, -1, 1.5])('alibiSlopes refuses %d heads', (heads) => {
  expect(() => alibiSlopes(heads)).toThrow(`alibiSlopes: heads must be a whole number from 1, got ${heads}`);
});

describe('distanceBuckets', () => {
  /** The smallest distance of each bucket above the exact ones, as Hugging Face's T5 gives them on PyTorch 1.13. */
  const both = { 8: 8, 9: 12, 10: 16, 11: 23, 12: 32, 13: 46, 14: 64, 15: 91 };
  const causal = {
    16: 16,
    17: 19,
    18: 21,
    19: 24,
    20: 27,
    21: 31,
    22: 35,
    23: 40,
    24: 46,
    25: 52,
    26: 59,
    27: 67,
    28: 77,
    29: 87,
    30: 99,
    31: 113,
  };
  const firsts = (values: readonly number[], from: number) =>
    Object.fromEntries([...new Set(values)].filter((b) => b >= from).map((b) => [b, values.indexOf(b)]));

  it('has the bounds of T5', () => {
    const buckets = list(distanceBuckets());
    const before = buckets.slice(0, 129).toReversed(); // s ≤ t
    expect(firsts(before, 8)).toEqual(both);
    expect(before.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(buckets.slice(129)).toEqual(before.slice(1).map((b) => b + 16));
    const past = list(distanceBuckets({ bidirectional: false }));
    expect(firsts(past.slice(0, 129).toReversed(), 16)).toEqual(causal);
    expect(new Set(past.slice(129))).toEqual(new Set([0]));
  });

  it('has the definition at other sizes, where the logarithm is clear', () => {
    for (const [buckets, distance, bidirectional] of [
      [6, 20, true],
      [7, 50, false],
      [64, 1000, false],
      [32, 129, true],
    ] as const) {
      // biome-ignore format: a table
      const n = bidirectional ? buckets / 2 : buckets;
      const e = Math.floor(n / 2);
      list(distanceBuckets({ buckets, distance, bidirectional })).forEach((bucket, i) => {
        const d = Math.abs(i - distance);
        const step = ((n - e) * Math.log(d / e)) / Math.log(distance / e);
        if (d >= e && Math.abs(step - Math.round(step)) < 1e-9) return;
        const plain = d < e ? d : Math.min(n - 1, e + Math.floor(step));
        expect(bucket, `${d} of ${buckets}`).toBe(i <= distance ? plain : bidirectional ? n + plain : 0);
      });
    }
  });

  it('takes a distance that begins a bucket into it', () => {
    const buckets = list(distanceBuckets({ buckets: 8, distance: 32, bidirectional: false }))
      .slice(0, 33)
      .toReversed();
    expect(firsts(buckets, 4)).toEqual({ 4: 4, 5: 7, 6: 12, 7: 20 }); // 4 · 8^(k/4): 4, 6.7, 11.3, 19.0
    const powers = list(distanceBuckets({ buckets: 8, distance: 64, bidirectional: false }))
      .slice(0, 65)
      .toReversed();
    expect(firsts(powers, 4)).toEqual({ 4: 4, 5: 8, 6: 16, 7: 32 });
  });

  it('refuses what gives no buckets', () => {
    expect(() => distanceBuckets({ buckets: 7 })).toThrow(
      'distanceBuckets: buckets must be even and at least 4 where they are bidirectional, got 7',
    );
    expect(() => distanceBuckets({ buckets: 2 })).toThrow('distanceBuckets: buckets must be even and at least 4');
    expect(() => distanceBuckets({ distance: 8 })).toThrow('distanceBuckets: distance must exceed the 8 buckets of one distance, got 8');
    expect(() => distanceBuckets({ buckets: 1.5 })).toThrow('distanceBuckets: buckets must be a whole number from 2, got 1.5');
  });
});
