import { describe, expect, it } from 'vitest';
import { pathsSvg } from '../../src/plot/plane.ts';
import { wellFormed } from './well-formed.ts';

const square = [0, 0, 1, 0, 1, 1, 0, 1, 0.5, 0.25];

describe('pathsSvg', () => {
  it('draws every point, the path through the unit square with y upwards, and the reference dashed', () => {
    const svg = pathsSvg([{ points: square, path: [0, 1, 2, 3], reference: [0, 2, 3], title: '<n> = 4' }]);
    expect(wellFormed(svg)).toBe(true);
    expect(svg).toContain('<polygon class="path" points="10,190 190,190 190,10 10,10"/>');
    expect(svg).toContain('<polygon class="reference" points="10,190 190,10 10,10"/>');
    expect([...svg.matchAll(/<circle /g)]).toHaveLength(5);
    expect(svg).toContain('cx="100" cy="145" r="3"><title>4</title>');
    expect(svg).toContain('&#60;n&#62; = 4</text>');
    expect(svg).toContain('>true</text>');
  });

  it('takes any number of panels, without reference and without points', () => {
    const svg = pathsSvg(
      [
        { points: square, path: [] },
        { points: [], path: [] },
        { points: square, path: [4] },
      ],
      { columns: 2 },
    );
    expect(wellFormed(svg)).toBe(true);
    const places = [...svg.matchAll(/<g transform="translate\((\d+) (\d+)\)">\n<text/g)].map((match) => [
      Number(match[1]),
      Number(match[2]),
    ]);
    expect(places).toEqual([
      [20, 20],
      [240, 20],
      [20, 266],
    ]);
    expect(svg).not.toContain('>true</text>');
    expect(wellFormed(pathsSvg([]))).toBe(true);
  });

  it('has colours that stand out from their ground, light and dark', () => {
    const [light = '', dark = ''] = (pathsSvg([]).match(/<style>(.*)<\/style>/)?.[1] ?? '').split('@media');
    const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const luminance = (hex: string) =>
      [0.2126, 0.7152, 0.0722].reduce((sum, w, k) => sum + w * linear(Number.parseInt(hex.slice(2 * k, 2 * k + 2), 16) / 255), 0);
    const colour = (css: string, kind: string) => css.match(new RegExp(`${kind}\\{(?:fill|stroke):#(\\w{6})`))?.[1] ?? '';
    // The ratio of WCAG 2.2, 1.4.3.
    const contrast = (a: string, b: string) => {
      const [more = 0, less = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
      return (more + 0.05) / (less + 0.05);
    };
    for (const css of [light, dark]) {
      for (const ground of ['ground', 'field']) {
        for (const [kind, least] of [
          ['text', 4.5],
          ['.path', 4.5],
          ['.reference', 4.5],
          ['.point', 3],
        ] as const) {
          expect(contrast(colour(css, kind), colour(css, `.${ground}`)), `${kind} on ${ground}`).toBeGreaterThan(least);
        }
      }
    }
  });

  it('refuses points that have no place in the unit square', () => {
    for (const points of [
      [0, Number.NaN],
      [0, 1.5],
      [-0.1, 0],
    ]) {
      expect(() => pathsSvg([{ points, path: [0] }])).toThrow('pathsSvg: points must be x and y in turn, from 0 to 1, got');
    }
    expect(() => pathsSvg([{ points: [0, 0, 1], path: [0] }])).toThrow('from 0 to 1, got 3 numbers');
  });

  it('says what it wants', () => {
    expect(() => pathsSvg([{ points: square, path: [5] }])).toThrow('pathsSvg: indices must be of the 5 points, got 5 in path');
    expect(() => pathsSvg([], { columns: 0 })).toThrow('pathsSvg: columns must be a whole number from 1, got 0');
  });
});
