// The examples of `npm run example`, small: what they learn, and what they show.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writerOf } from '../../examples/chars/main.ts';
import { learn as learnOrders, rowsOf, told } from '../../examples/classify/main.ts';
import { datesOf, learn as learnDates, told as toldDate } from '../../examples/dates/main.ts';
import { chart } from '../../examples/forecast/chart.ts';
import { drawable, drawing } from '../../examples/gestures/draw.ts';
import { key } from '../../src/tensor/random.ts';
import { dice } from '../equations/plain.ts';
import { wellFormed } from '../plot/well-formed.ts';

describe('examples', () => {
  it('classify: learns orders, and shows why', async () => {
    const rows = rowsOf(readFileSync('examples/classify/orders.tsv', 'utf8'));
    expect(rows.length).toBe(120);
    const { front, evaluation } = await learnOrders(rows, { onProgress: ({ step }) => step < 150 });
    expect(evaluation.accuracy).toBeGreaterThan(0.6); // one in four by chance
    expect(told(front.predict('play some music'))).toMatch(/^\w+, \d+ %\n {2}play +[+-]*\n {2}some +[+-]*\n {2}music +[+-]*$/);
  });

  it('dates: makes dates of many forms, and learns from them', async () => {
    const dates = datesOf(300, key(1));
    expect(dates.every(([, iso]) => /^\d{4}-\d{2}-\d{2}$/.test(iso))).toBe(true);
    expect(
      new Set(
        dates.map(([date]) =>
          date
            .replace(/\d+/g, '0')
            .replace(/[A-Z][a-z]+/, 'M')
            .replace(/[A-Z]{3}/, 'M'),
        ),
      ).size,
    ).toBe(4); // the first and the last look alike
    const losses: number[] = [];
    const { front } = await learnDates(150, { width: 16, onProgress: ({ step, loss }) => losses.push(loss) > 0 && step < 40 });
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    expect(toldDate(front.predict('3.5.1999'))).toContain('3.5.1999 → ');
  });

  it('chars: learns letters, and writes with them', async () => {
    const { teach, write } = writerOf('abcabcabd '.repeat(60));
    const losses: number[] = [];
    for await (const { loss } of teach(12)) losses.push(loss);
    expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] as number));
    expect(write('abc', 10, 0.5)).toMatch(/^abc[abcd ]{10}$/);
    expect(() => writerOf('too short')).toThrow('chars: the text must have more than 64 characters, got 9');
  });

  it('forecast: draws what was, what comes, and where it looked', () => {
    const found = { median: [3, 4], quantiles: [[2, 3, 4], [3, 4, 6]], linear: [3, 3] }; // biome-ignore format: one line
    const svg = chart([1, 2, null, 2.5], found, [0.25, 0.75]);
    wellFormed(svg);
    expect(svg.match(/class="looked"/g)?.length).toBe(2);
    expect(svg).toContain('4 hours so far, and the 2 hours to come');
    expect(svg.includes('NaN')).toBe(false);
    expect(chart([1, 2], undefined)).not.toContain('class="band"');
  });

  it('gestures: draws each of its own', () => {
    const random = dice(1);
    for (const label of drawable) {
      const { samples } = drawing(label, random);
      expect(samples.length).toBeGreaterThanOrEqual(18);
      for (const [x = -1, y = -1] of samples as number[][]) expect(x >= 0 && x <= 600 && y >= 0 && y <= 300).toBe(true);
    }
  });
});
