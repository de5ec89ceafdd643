import { describe, expect, it } from 'vitest';
import { captionSvg, warpSvg } from '../../src/plot/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { wellFormed } from './well-formed.ts';

const image = [
  [0, 0.5, 1],
  [1, 0, 0],
];

describe('warpSvg', () => {
  const panel = { image, view: [[1, 0.2]], corners: [[0, 0], [3, 0], [3, 2], [0, 2]], title: 'a & b' } as const; // biome-ignore format: rows

  it('is well formed: the image, the outline over it, the view, and the title', () => {
    const svg = warpSvg([panel, { ...panel, title: undefined }]);
    expect(wellFormed(svg)).toBe(true);
    expect([...svg.matchAll(/<polygon class="outline" points="([^"]*)"/g)].map((match) => match[1])).toEqual(
      new Array(2).fill('0,0 200,0 200,133.3 0,133.3'),
    );
    expect(svg).toContain('a &#38; b');
    expect(warpSvg([{ ...panel, image: tensor(image) }])).toBe(warpSvg([panel]));
  });

  it('refuses what is no panel', () => {
    expect(() => warpSvg([{ ...panel, corners: [[0, Number.NaN]] }])).toThrow('warpSvg: corners must be [x, y] each, got 0,NaN');
    expect(() => warpSvg([{ ...panel, views: 1 } as never])).toThrow(
      'warpSvg: options must be among image, view, corners, title, got views',
    );
    expect(() => warpSvg([panel], { column: 2 } as object)).toThrow('warpSvg: options must be among columns, theme, got column');
  });
});

describe('captionSvg', () => {
  const panel = { image, words: ['one', '<two>'], maps: [[[0, 1]], [[0.25, 0.75]]], title: 'true: one' };

  it('is well formed: the image once a word, under its map, with a tooltip for each cell that is looked at', () => {
    const svg = captionSvg([panel]);
    expect(wellFormed(svg)).toBe(true);
    expect([...svg.matchAll(/class="look"[^>]*fill-opacity="([\d.]+)"><title>([\d.]+)</g)].map((match) => [match[1], match[2]])).toEqual([
      ['0.6', '1.000'],
      ['0.2', '0.250'],
      ['0.6', '0.750'],
    ]);
    for (const word of ['one', '&#60;two&#62;', 'true: one']) expect(svg).toContain(`>${word}</text>`);
  });

  it('refuses maps that are not one a word', () => {
    expect(() => captionSvg([{ ...panel, words: ['one'] }])).toThrow('captionSvg: maps must be one for each word, got 2 for 1 words');
  });
});
