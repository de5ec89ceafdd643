import { describe, expect, it } from 'vitest';
import { documentSvg, documentText } from '../../src/plot/document.ts';
import { treeSvg, treeText } from '../../src/plot/tree.ts';
import { tensor } from '../../src/tensor/create.ts';
import { wellFormed } from './well-formed.ts';

const tree = {
  label: 'S',
  children: [
    { label: 'NP', children: [0, 1] },
    { label: 'VP', children: [2] },
  ],
};
const words = ['the', '<man>', 'slept'];
const looks = [
  [0, 0.1, 0.9],
  [0.5, 0.5, 0],
  [0, 0, 1],
];

describe('treeSvg', () => {
  it('draws every constituent above what it covers, and every word', () => {
    const svg = treeSvg(tree, { words, title: 'a & b' });
    expect(wellFormed(svg)).toBe(true);
    const at = (text: string) => /x="([\d.]+)" y="([\d.]+)"/.exec(svg.split('\n').find((line) => line.endsWith(`>${text}</text>`)) ?? '')?.slice(1).map(Number) ?? []; // biome-ignore format: one line
    const [s, np, vp] = ['S', 'NP', 'VP'].map(at) as [number[], number[], number[]];
    const [the, man, slept] = ['the', '&#60;man&#62;', 'slept'].map(at) as [number[], number[], number[]];
    expect(np[0]).toBeCloseTo(((the[0] as number) + (man[0] as number)) / 2, 0);
    expect(vp[0]).toBe(slept[0]);
    expect(s[0]).toBeCloseTo(((np[0] as number) + (vp[0] as number)) / 2, 0);
    expect(s[1]).toBeLessThan(np[1] as number);
    expect(np[1]).toBe(vp[1]);
    expect(the[1]).toBeGreaterThan(np[1] as number);
    expect(new Set([the[1], man[1], slept[1]]).size).toBe(1);
    expect([...svg.matchAll(/class="branch"/g)].length).toBe(5);
    expect(svg).not.toContain('<rect class="c');
  });

  it('shades the words that each bracket looked at, a row for each', () => {
    const svg = treeSvg(tree, { words, looks });
    expect(wellFormed(svg)).toBe(true);
    expect([...svg.matchAll(/class="c(\d+)"/g)].map(([, level]) => Number(level))).toEqual([0, 3, 29, 16, 16, 0, 0, 0, 32]);
    expect(svg).toContain('<title>VP ← slept: 1.000</title>');
    expect(svg).toContain('>2 (NP</text>');
    expect(treeSvg(tree, { words, looks: tensor(looks) })).toBe(svg.replaceAll(/0\.899\b/g, '0.900'));
    expect(treeSvg(tree, { words, looks, theme: 'dark' })).not.toContain('prefers-color-scheme');
  });

  it('refuses words and looks that do not fit', () => {
    expect(() => treeSvg(tree, { words: ['the'] })).toThrow('treeSvg: words must be of the whole tree, got 1 and the place 1');
    expect(() => treeSvg(tree, { words, looks: [[0, 0, 1]] })).toThrow(
      'treeSvg: labels must fit the weights, got 3 rows and 3 columns for [1, 3]',
    );
    expect(() => treeText(null as never, { words })).toThrow('treeText: tree must be a tree with a label, got null');
  });
});

describe('treeText', () => {
  it('is a line for each constituent and word', () => {
    expect(treeText(tree, { words, color: false })).toBe(['S', '├─ NP', '│  ├─ the', '│  └─ <man>', '└─ VP', '   └─ slept'].join('\n'));
    expect(treeText(tree, { words, looks, color: false, title: 'x' }).split('\n').slice(0, 3)).toEqual([
      'x',
      'S            ← slept 0.90, <man> 0.10',
      '├─ NP        ← the 0.50, <man> 0.50',
    ]);
    expect(treeText(tree, { words, looks, color: true })).toContain('\u001b[48;5;');
  });
});

describe('documentSvg', () => {
  const labels = { rows: ['@1', '.'], columns: ['@2', 'praised', '@1', '.'] };
  const weights = [
    [0.4, 0.2, 0.4, 0],
    [0.8, 0.1, 0.1, 0],
  ];

  it('shades each word once for each look, the largest weight the most', () => {
    const svg = documentSvg(weights, { ...labels, title: '@gap <lauded> @1' });
    expect(wellFormed(svg)).toBe(true);
    expect([...svg.matchAll(/class="c(\d+)"/g)].map(([, level]) => Number(level))).toEqual([8, 4, 8, 0, 16, 2, 2, 0]);
    expect(svg).toContain('<title>praised: 0.200</title>');
    expect([...svg.matchAll(/>praised<\/text>/g)].length).toBe(2);
    expect(
      documentSvg(
        weights.map((row) => row.map(() => 0)),
        labels,
      ),
    ).toContain('class="c0"');
  });

  it('begins a line where the words no longer fit', () => {
    const rows = (width: number) =>
      new Set([...documentSvg([weights[0] as number[]], { ...labels, rows: [''], width }).matchAll(/<rect class="c\d+" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => y)).size; // biome-ignore format: one line
    expect([rows(40), rows(13), rows(3)]).toEqual([1, 2, 4]);
  });

  it('keeps a contrast of 4.5 between text and shade, on light ground and on dark', () => {
    for (const theme of ['light', 'dark'] as const) {
      const svg = documentSvg(weights, { ...labels, theme });
      const luminance = (color: string) =>
        [0.2126, 0.7152, 0.0722].reduce((sum, share, k) => {
          const value = Number.parseInt(color.slice(1 + 2 * k, 3 + 2 * k), 16) / 255;
          return sum + share * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        }, 0);
      const ink = luminance(/ text\{fill:(#\w{6})\}/.exec(svg)?.[1] ?? '');
      const shades = [...svg.matchAll(/\.c\d+\{fill:(#\w{6})\}/g)].map(([, color = '']) => luminance(color));
      expect(shades.length).toBe(17);
      for (const shade of shades) expect((Math.max(ink, shade) + 0.05) / (Math.min(ink, shade) + 0.05)).toBeGreaterThan(4.5);
    }
  });

  it('is text in a terminal, with a block behind each word or a colour beneath it', () => {
    const text = documentText(weights, { ...labels, color: false, title: 'who' });
    expect(text.split('\n')).toEqual(['who', '@1 @2▒ praised░ @1▒ .', '.  @2█ praised  @1  .']);
    expect(documentText(weights, { ...labels, color: true })).toContain('\u001b[48;5;31m@2\u001b[0m');
    expect(documentText([weights[0] as number[]], { ...labels, rows: [''], color: false, width: 9 }).split('\n').length).toBe(3);
    expect(() => documentText(weights, { ...labels, columns: ['a'] })).toThrow('documentText: labels must fit the weights');
  });
});
