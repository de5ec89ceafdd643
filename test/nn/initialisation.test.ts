// Parameters start as they are said to: exact bounds, and the distribution by Kolmogorov and Smirnov, over many keys.
import { describe, expect, it } from 'vitest';
import { parameters } from '../../src/nn/module.ts';
import { key } from '../../src/tensor/random.ts';
import { type Start, starts, startsOf } from './initialisation.ts';
import { list, type ModuleRow } from './row.ts';
import { rows } from './table.ts';

const KEYS = 250;
/** √n · D above this has a probability of 2 · exp(−2 · 2.4²) = 2 · 10⁻⁵ for each parameter; keys are fixed, so that none is at the mercy of chance. */
const CRITICAL = 2.4;

/** Φ by the error function's series and continued fraction (Abramowitz and Stegun 7.1.5, 26.2.14). */
function normal(x: number): number {
  if (x < 0) return 1 - normal(-x);
  if (x > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / (x + fraction);
    return 1 - Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / (x + fraction);
  }
  let [term, sum] = [x, x];
  for (let k = 1; k < 80; k++) {
    term *= -(x * x) / (2 * k);
    sum += term / (2 * k + 1);
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}

const chance = (start: Start, x: number) => {
  if (start.kind === 'normal') return normal(x / start.std);
  return start.kind === 'uniform' ? (x + start.bound) / (2 * start.bound) : Number.NaN;
};

/** The largest distance between the samples' share below x and the distribution's, times √n. */
function distance(samples: readonly number[], start: Start): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const n = sorted.length;
  return Math.sqrt(n) * sorted.reduce((most, x, i) => Math.max(most, (i + 1) / n - chance(start, x), chance(start, x) - i / n), 0);
}

const deviation = (samples: readonly number[]) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

function expectStart(path: string, samples: readonly number[], start: Start): void {
  if (start.kind === 'each') {
    const n = start.each.length;
    for (const [name, own] of new Map(start.each.map((one) => [JSON.stringify(one), one])))
      expectStart(
        `${path}: ${name}`,
        samples.filter((_, i) => JSON.stringify(start.each[i % n]) === name),
        own,
      );
    return;
  }
  if (start.kind === 'constant') {
    expect(new Set(samples), path).toEqual(new Set([Math.fround(start.value)]));
    return;
  }
  expect(distance(samples, start), path).toBeLessThan(CRITICAL);
  const n = samples.length;
  if (start.kind === 'uniform') {
    // 250 samples that all stay 8 % away from an end: 4 · 10⁻⁵.
    for (const side of [-1, 1]) {
      const most = samples.reduce((far, x) => Math.max(far, side * x), -Infinity);
      expect(most, path).toBeLessThanOrEqual(Math.fround(start.bound));
      expect(most, path).toBeGreaterThan(0.92 * start.bound);
    }
  } else expect(Math.abs(deviation(samples) / start.std - 1), path).toBeLessThan(5 / Math.sqrt(2 * n)); // 5 standard errors
}

const title = (row: ModuleRow) => (row.name ? `${row.module}: ${row.name}` : row.module);
const offsets: Record<string, number> = { monotonic: -0.4, 'Attention: monotonic, hard': 0 }; // what rows ask for in place of −1

/** Rows that give one key to score and windows. */
const oneKey = /^additive, (LocalPredictive|CombinedWindow|DistanceBias|RelativePositions)$|^relative positions$|^a bias by distance/;

describe('initialisation', () => {
  it.each(rows.map((row) => [title(row), row] as const))('of %s', (name, row) => {
    const first = startsOf(row.build(key(0)));
    expect(first.map(({ path }) => path)).toEqual([...parameters(row.build(key(0))).keys()]);
    expect(
      first.filter(({ start }) => !start).map(({ path }) => path),
      'parameters without an entry',
    ).toEqual([]);
    const pooled = first.map((): number[] => []);
    for (let seed = 0; seed < KEYS; seed++) startsOf(row.build(key(seed))).forEach(({ x }, i) => pooled[i]?.push(...list(x)));
    for (const [i, { path, rule, start }] of first.entries()) {
      const asked =
        rule === 'MonotonicScore.offset'
          ? offsets[row.name === 'monotonic' && row.module === 'MonotonicScore' ? 'monotonic' : name]
          : undefined;
      expectStart(path, pooled[i] as number[], asked === undefined ? (start as Start) : { kind: 'constant', value: asked });
    }
    // No two parameters are drawn from one key: their first elements, each in units of its own spread, would agree in every build.
    const units = pooled.flatMap((samples, i) => {
      const start = first[i]?.start as Start;
      const scale = start.kind === 'uniform' ? start.bound : 1;
      const each = samples.length / KEYS;
      return start.kind === 'constant' || start.kind === 'each'
        ? []
        : [{ path: first[i]?.path, firsts: Array.from({ length: KEYS }, (_, k) => (samples[k * each] as number) / scale) }];
    });
    for (const [i, a] of units.entries()) {
      for (const b of units.slice(i + 1)) {
        const same = a.firsts.filter((x, k) => Math.abs(x - (b.firsts[k] as number)) < 1e-5).length;
        if (!oneKey.test(row.name ?? '')) expect(same, `${a.path} and ${b.path}`).toBeLessThan(5);
      }
    }
  });

  it('is tried for every entry', () => {
    const seen = new Set(rows.flatMap((row) => startsOf(row.build(key(0))).map(({ rule }) => rule)));
    const written = Object.entries(starts).flatMap(([name, fields]) => Object.keys(fields).map((field) => `${name}.${field}`));
    expect(written.filter((rule) => !seen.has(rule))).toEqual([]);
  });
});
