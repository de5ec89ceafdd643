// Numbers of four runs are explained by the axes, each by one form alone.
import { describe, expect, it } from 'vitest';
import { type Axes, explain, runs, Share, Size, sizeFor } from '../../src/onnx/size.ts';

const names = ['batch', 'time', 'past', 'items'];
const axes: Axes[] = [0, 1, 2, 3].map((run) => Object.fromEntries(names.map((name, i) => [name, runs[i]?.[run] as number])));
const known = names.map((name) => Size.of(name));
const n = (value: number) => Size.of(value);
const valuesOf = (size: Size) => axes.map((run) => size.at(run));

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

describe('the lengths of the runs', () => {
  it('are never 1, differ along an axis, are even and odd there, and share no divisor within a run', () => {
    for (const lengths of runs) {
      expect(new Set(lengths).size).toBe(4);
      expect(Math.min(...lengths)).toBeGreaterThan(1);
      expect(new Set(lengths.map((length) => length % 2)).size).toBe(2);
    }
    for (const run of axes) {
      const all = Object.values(run);
      for (const [i, a] of all.entries()) for (const b of all.slice(i + 1)) expect(divisor(a, b)).toBe(1);
    }
  });
});

describe('a size', () => {
  const [batch, time, past, items] = known as [Size, Size, Size, Size];

  it('is a sum of products of axes', () => {
    const size = batch.times(time.plus(n(1))).plus(n(-3));
    expect(String(size)).toBe('batch + batch*time - 3');
    expect(size.at({ batch: 2, time: 5 })).toBe(9);
    expect(String(time.plus(time, -1))).toBe('0');
    expect([n(0).fixed, n(7).fixed, time.fixed, time.plus(n(1)).fixed]).toEqual([0, 7, undefined, undefined]);
    expect(String(time.times(n(-1)).plus(batch.times(n(2))))).toBe('2*batch - time');
    expect(size.at({ batch: 2 })).toBeNaN();
  });

  it('is found from its values, whatever it is', () => {
    const all: Size[] = [n(0), n(9)];
    for (const x of known) {
      for (const a of [-2, -1, 1, 2, 3, 4, 8]) for (const c of [-2, -1, 0, 1, 2, 16]) all.push(x.times(n(a)).plus(n(c)));
      for (const y of known) {
        for (const a of [1, 3, 4]) for (const c of [-1, 0, 1]) all.push(x.times(y).times(n(a)).plus(n(c)));
        if (x !== y) for (const sign of [1, -1]) for (const c of [-1, 0, 1]) all.push(x.plus(y, sign).plus(n(c)));
        for (const z of known) all.push(x.times(y).times(z));
      }
    }
    expect(all.length).toBeGreaterThan(400);
    expect(all.filter((size) => String(sizeFor(valuesOf(size), known, axes)) !== String(size)).map(String)).toEqual([]);
  });

  it('is found of sizes that a call has met', () => {
    const longer = items.plus(n(1));
    const rows = batch.times(longer);
    expect(sizeFor(valuesOf(rows), known, axes)).toBeUndefined();
    expect(String(sizeFor(valuesOf(rows), [...known, longer], axes))).toBe('batch + batch*items');
  });

  it('is none where the values are those of no such form', () => {
    const odd: [string, number[]][] = [];
    for (const name of names) {
      const at = (f: (length: number, run: Axes) => number) => axes.map((run) => f(run[name] as number, run));
      for (const m of [2, 3, 4, 8, 16]) {
        for (const round of [Math.floor, Math.ceil]) {
          odd.push([`${name} / ${m}`, at((length) => round(length / m))], [`${name} in ${m}`, at((length) => round(length / m) * m)]);
        }
      }
      for (const m of [3, 4, 5, 6, 7])
        odd.push([`max ${name} ${m}`, at((length) => Math.max(length, m))], [`min ${name} ${m}`, at((length) => Math.min(length, m))]);
      for (const other of names.filter((o) => o !== name))
        odd.push([`max ${name} ${other}`, at((length, run) => Math.max(length, run[other] as number))]);
      odd.push([`log ${name}`, at((length) => Math.ceil(Math.log2(length)))], [`half ${name}`, at((length) => length / 2)]);
    }
    const wrong = odd.filter(([, values]) => {
      const found = sizeFor(values, known, axes);
      return found && found.fixed === undefined && !known.some((size) => String(size) === String(found));
    });
    expect(odd.length).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
    expect(sizeFor(valuesOf(past).with(3, 12), known, axes)).toBeUndefined();
  });

  it('may stand below a number', () => {
    const share = explain(valuesOf(batch.times(time)).map((length) => 1 / length), known, axes); // biome-ignore format: one line
    expect(share).toBeInstanceOf(Share);
    expect([(share as Share).factor, String((share as Share).size)]).toEqual([1, 'batch*time']);
    expect(explain([0.5, 0.5, 0.5, 0.5], known, axes)).toBe(0.5);
    expect(Object.is(explain([-0, -0, -0, -0], known, axes), -0)).toBe(true);
    expect(explain(valuesOf(time).map(Math.sqrt), known, axes)).toBeUndefined();
    expect(String(explain(valuesOf(time), known, axes))).toBe('time');
  });
});
