import { describe, expect, it } from 'vitest';
import { canvasesSvg } from '../../src/plot/canvases.ts';
import { gazeSvg } from '../../src/plot/gaze.ts';
import { tensor } from '../../src/tensor/create.ts';
import { wellFormed } from './well-formed.ts';

const image = [
  [0, 1, 1, 0.5],
  [0, 0, 1, 0],
];

describe('gazeSvg', () => {
  const panel = {
    image,
    boxes: [
      [[0, 0, 2, 2], [-1, -1, 4, 4]],
      [[2, 0, 2, 2], [1, -1, 4, 4]],
    ], // biome-ignore format: a box each
    patches: [[[[0, 1]], [[1, 1]]], [[[1, 0]], [[0.5, 0]]]], // biome-ignore format: a patch each
    title: 'a <3>',
  };

  it('draws runs of one grey, every box of every step, the path of the first scale, and what was seen', () => {
    const svg = gazeSvg([panel]);
    expect(wellFormed(svg)).toBe(true);
    // Four pixels are 220 units wide: from pixel 1, two of the full grey in the first row, one in the second.
    expect(svg).toContain('<path class="g15" d="M55 0h110v55H55zM110 55h55v55H110z"/>');
    expect(svg).toContain('<path class="g8" d="M165 0h55v55H165z"/>');
    expect([...svg.matchAll(/class="box( wide)?"/g)]).toHaveLength(4);
    expect(svg).toContain('<rect class="box" x="0" y="0" width="110" height="110"><title>look 1</title></rect>');
    expect(svg).toContain('<rect class="box wide" x="-4" y="-4" width="169" height="118">'); // cut beyond the border
    expect(svg).toContain('points="55,55 165,55"');
    expect([...svg.matchAll(/<g transform="translate\(\d+ \d+\)"><g shape/g)]).toHaveLength(4);
    expect(svg).toContain('a &#60;3&#62;</text>');
  });

  it('takes tensors as models return them, and no panels', () => {
    const plain = { image: tensor(image), boxes: [tensor([[0, 0, 2, 2]])] };
    expect(gazeSvg([plain])).toBe(gazeSvg([{ image, boxes: [[[0, 0, 2, 2]]] }]));
    expect(wellFormed(gazeSvg([], { theme: 'dark', columns: 2 }))).toBe(true);
  });

  it('refuses what is no picture or no box', () => {
    const wrong = (more: object, text: string) => expect(() => gazeSvg([{ ...panel, ...more }])).toThrow(text);
    wrong({ image: [[0, 2]] }, 'gazeSvg: image must be from 0 to 1, got 2');
    wrong({ image: [[0], [0, 1]] }, 'gazeSvg: image must be rows of one length, at least one, got 1, 2');
    wrong({ image: tensor([0, 1]) }, 'gazeSvg: image must be [height, width], got [2]');
    wrong({ boxes: [[[0, 0, 1]]] }, 'gazeSvg: boxes must be lists of 4 finite numbers, got [0, 0, 1]');
    wrong({ boxes: 3 }, 'gazeSvg: boxes must be a list, got 3');
    wrong({ path: [] }, 'gazeSvg: options must be among image, boxes, patches, title, got path');
  });
});

describe('canvasesSvg', () => {
  const panel = { canvases: [image, image], writes: [[0, 0, 2, 2], [1, 0, 1, 1]], reads: [[0, 0, 4, 2], [0, 0, 1, 1]], image }; // biome-ignore format: a box each

  it('draws the image, the canvas of each step, and where it read and wrote', () => {
    const svg = canvasesSvg([panel, { canvases: [image] }]);
    expect(wellFormed(svg)).toBe(true);
    expect([...svg.matchAll(/<title>(image|step \d)<\/title>/g)].map(([, name]) => name)).toEqual(['image', 'step 1', 'step 2', 'step 1']);
    expect([...svg.matchAll(/class="(read|write)"/g)].map(([, kind]) => kind)).toEqual(['read', 'write', 'read', 'write']);
    expect(svg).toContain('<rect class="write" x="0" y="0" width="42" height="42"/>');
    expect(canvasesSvg([{ canvases: [tensor([image])], writes: tensor([[0, 0, 2, 2]]) }])).toContain('class="write"');
  });

  it('refuses boxes that are not one a step', () => {
    expect(() => canvasesSvg([{ ...panel, writes: [[0, 0, 1, 1]] }])).toThrow(
      'canvasesSvg: writes must be one for each of the 2 canvases, got 1',
    );
  });

  it('has colours that stand out from the ground and from the ink of pictures, light and dark', () => {
    const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const luminance = (hex: string) =>
      [0.2126, 0.7152, 0.0722].reduce((sum, w, k) => sum + w * linear(Number.parseInt(hex.slice(2 * k, 2 * k + 2), 16) / 255), 0);
    const [light = '', dark = ''] = (canvasesSvg([]).match(/<style>(.*)<\/style>/)?.[1] ?? '').split('@media');
    for (const css of [light, dark]) {
      const colour = (kind: string) => luminance(css.match(new RegExp(`${kind}\\{(?:fill|stroke):#(\\w{6})`))?.[1] ?? '');
      for (const kind of ['.write', '.read']) {
        for (const ground of ['.ground', '.g0']) {
          const [more, less] = [colour(kind), colour(ground)].sort((a, b) => b - a) as [number, number];
          expect((more + 0.05) / (less + 0.05), `${kind} on ${ground}`).toBeGreaterThan(3);
        }
      }
    }
  });
});
