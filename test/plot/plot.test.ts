import { describe, expect, it } from 'vitest';
import { pathsSvg } from '../../src/plot/plane.ts';
import { alignmentSvg, alignmentsSvg } from '../../src/plot/svg.ts';
import { alignmentText } from '../../src/plot/text.ts';
import { widthOf } from '../../src/plot/width.ts';
import { tensor } from '../../src/tensor/create.ts';
import { wellFormed } from './well-formed.ts';

const weights = [
  [0.9, 0.1, 0],
  [0, 0.5, 0.5],
];
const labels = { rows: ['K', 'AH'], columns: ['c', 'u', 't'] };

describe('alignmentSvg', () => {
  it('is well formed, with a tooltip a cell, every label, a title and a scale', () => {
    const svg = alignmentSvg(weights, { ...labels, title: 'cut' });
    expect(wellFormed(svg)).toBe(true);
    expect([...svg.matchAll(/<rect [^>]*><title>/g)].length).toBe(6);
    expect(svg).toContain('<title>K ← c: 0.900</title>');
    for (const label of [...labels.rows, ...labels.columns, 'cut', '0', '1']) expect(svg).toContain(`>${label}</text>`);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(alignmentSvg(tensor(weights), { ...labels, title: 'cut' })).toBe(svg);
  });

  it('gives heavier weights other colours, in order', () => {
    const classes = [
      ...alignmentSvg([[0, 0.25, 0.5, 1]], { rows: ['x'], columns: ['a', 'b', 'c', 'd'] }).matchAll(/class="c(\d+)" [^>]*><title>/g),
    ];
    expect(classes.map((match) => Number(match[1]))).toEqual([0, 8, 16, 32]);
  });

  it('lightens or darkens evenly along each scale', () => {
    const svg = alignmentSvg(weights, labels);
    const [light = '', dark = ''] = svg.split('@media');
    const luminance = (css: string): number[] =>
      [...css.matchAll(/\.c\d+\{fill:#(..)(..)(..)\}/g)].map(([, r = '', g = '', b = '']) =>
        [r, g, b].reduce((sum, hex, k) => sum + ([0.2126, 0.7152, 0.0722][k] ?? 0) * (Number.parseInt(hex, 16) / 255) ** 2.2, 0),
      );
    expect(luminance(light)).toHaveLength(33);
    expect(luminance(light)).toEqual(luminance(light).toSorted((a, b) => b - a));
    expect(luminance(dark)).toEqual(luminance(dark).toSorted((a, b) => a - b));
  });

  it('escapes what is said and looked at', () => {
    const svg = alignmentSvg([[1]], { rows: ['<b>&"'], columns: ["'\u0000]]>"], title: '</svg><script>' });
    expect(wellFormed(svg)).toBe(true);
    expect(svg).not.toContain('<script>');
    expect(svg).toContain('&#60;b&#62;&#38;&#34;');
    expect(svg).not.toContain('\u0000');
  });

  it('puts panels in a grid without overlap, and takes any lengths', () => {
    const long = { weights: [new Array(40).fill(1 / 40)], rows: ['word'], columns: new Array(40).fill('letter'), title: 'long' };
    const svg = alignmentsSvg([{ ...labels, weights }, long, { weights: [], rows: [], columns: [] }], { columns: 2 });
    expect(wellFormed(svg)).toBe(true);
    const places = [...svg.matchAll(/translate\(([\d.]+) ([\d.]+)\)/g)].map((match) => [Number(match[1]), Number(match[2])]);
    expect(places).toHaveLength(3);
    expect(places[1]?.[0]).toBeGreaterThan(3 * 30);
    expect(places[2]?.[1]).toBeGreaterThan(2 * 30);
    expect(Number(svg.match(/width="([\d.]+)"/)?.[1])).toBeGreaterThan(40 * 30);
    expect(wellFormed(alignmentsSvg([]))).toBe(true);
  });

  it('has rules that reach nothing but itself, and no id', () => {
    for (const theme of ['auto', 'light', 'dark'] as const) {
      for (const svg of [alignmentSvg(weights, { ...labels, theme }), pathsSvg([{ points: [0, 0, 1, 1], path: [0, 1] }], { theme })]) {
        const own = svg.match(/<svg [^>]*class="([\w-]+)"/)?.[1] ?? '';
        const css = (svg.match(/<style>(.*)<\/style>/)?.[1] ?? '').replace(/@media [^{]*\{(.*)\}$/, '$1');
        const selectors = [...css.matchAll(/([^{}]+)\{[^{}]*\}/g)].map((match) => match[1] as string);
        expect(selectors.length).toBeGreaterThan(8);
        expect(selectors.filter((selector) => !selector.startsWith(`.${own} `))).toEqual([]);
        expect(svg).not.toMatch(/\bid="/);
      }
    }
  });

  it('is light or dark where the page says so, without asking the system', () => {
    const [light, dark, auto] = (['light', 'dark', 'auto'] as const).map((theme) => alignmentSvg(weights, { ...labels, theme }));
    expect(light).toContain('.ground{fill:#ffffff}');
    expect(dark).toContain('.ground{fill:#12161c}');
    for (const svg of [light, dark]) expect(svg).not.toContain('@media');
    expect(auto).toContain('@media (prefers-color-scheme:dark)');
    // Pictures of two themes on one page do not share a class.
    expect(new Set([light, dark, auto].map((svg) => svg?.match(/class="([\w-]+)"/)?.[1])).size).toBe(3);
    expect(() => alignmentSvg(weights, { ...labels, theme: 'night' as 'dark' })).toThrow(
      "alignmentsSvg: theme must be one of auto, light, dark, got 'night'",
    );
  });

  it('says what does not fit', () => {
    expect(() => alignmentSvg(weights, { rows: ['a'], columns: ['b'] })).toThrow(
      'alignmentSvg: labels must fit the weights, got 1 rows and 1 columns for [2, 3]',
    );
    expect(() => alignmentSvg([[2]], { rows: ['a'], columns: ['b'] })).toThrow('alignmentSvg: weights must be from 0 to 1, got 2');
    expect(() => alignmentSvg(tensor([1]), { rows: ['a'], columns: ['b'] })).toThrow('alignmentSvg: weights must be [T, S], got [1]');
  });
});

describe('alignmentText', () => {
  it('aligns labels and blocks', () => {
    expect(alignmentText(weights, { ...labels, color: false })).toBe('   c  u  t\n K ██\nAH    ▒▒ ▒▒');
  });

  it('gives wide characters two columns and combining marks none', () => {
    const text = alignmentText(
      [
        [1, 0],
        [0, 1],
      ],
      { rows: ['漢', 'e\u0301'], columns: ['字', 'x'], color: false },
    );
    expect(text).toBe('   字 x\n漢 ██\n e\u0301    ██');
    expect(['漢字', 'e\u0301', 'カナ', 'ab', '👩‍👩‍👧', '', 'ﾊﾝ'].map(widthOf)).toEqual([4, 1, 4, 2, 2, 0, 2]);
  });

  it('takes the weights of one example out of a batch of one', () => {
    const plain = alignmentText(weights, { ...labels, color: false });
    expect(alignmentText(tensor([[weights]]), { ...labels, color: false })).toBe(plain);
    expect(() => alignmentText(tensor([weights, weights]), { ...labels })).toThrow('alignmentText: weights must be [T, S], got [2, 2, 3]');
  });

  it('has the same width in colour, a colour a cell', () => {
    const text = alignmentText(tensor(weights), { ...labels, color: true });
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');
    expect(text.match(escapes)).toHaveLength(12);
    expect(
      text
        .replace(escapes, '')
        .split('\n')
        .slice(1)
        .map((line) => line.length),
    ).toEqual([11, 11]);
    expect(() => alignmentText(weights, { rows: [], columns: [] })).toThrow('alignmentText: labels must fit');
  });
});
