import { describe, expect, it } from 'vitest';
import { tapesSvg } from '../../src/plot/index.ts';
import { wellFormed } from './well-formed.ts';

const panel = { input: ['a', '<', 'end'], places: [0, 1, 1], written: ['a', null, 'b'], target: ['a', '<'] };
const ways = (svg: string) => [...svg.matchAll(/<path class="path ([a-z]*)" d="([^"]*)"/g)].map(([, kind, d]) => [kind, d]);

describe('tapesSvg', () => {
  it('draws where the heads stood, in which steps they wrote, and what was wrong', () => {
    const svg = tapesSvg([{ ...panel, title: 'c & d' }]);
    expect(wellFormed(svg)).toBe(true);
    expect(ways(svg)).toEqual([['', 'M97 13L123 39L149 39']]);
    expect(svg.match(/class="head {2}wrote"/g)).toHaveLength(2);
    expect(svg).toContain('<circle class="head " cx="123" cy="39" r="5"><title>step 2</title>');
    expect(svg).toContain('text-anchor="end">&#60;</text>');
    expect(svg.match(/class="wrong"/g)).toHaveLength(1);
    expect(svg).toContain('<path class="wrong" d="M142 '); // in the column of step 3
    expect(tapesSvg([{ ...panel, target: ['a', 'b'] }])).not.toContain('class="wrong"');
    expect(tapesSvg([{ ...panel, target: undefined }])).not.toContain('class="wrong"');
  });

  it('draws the part of the memory where its head was, in one piece over the join of the circle', () => {
    const svg = tapesSvg([
      { ...panel, memory: { cells: 9, places: [0, 8, 0] } },
      { ...panel, memory: { cells: 9, places: [1, 3, 2] } },
    ]);
    expect(ways(svg).filter(([kind]) => kind === 'memory')).toEqual([
      ['memory', 'M97 131L123 105L149 131'], // rows 8 and 0
      ['memory', 'M97 105M123 157L149 131'], // a jump is no way
    ]);
    expect(svg).toMatch(/text-anchor="end">8<\/text>\n?<text[^>]*>0<\/text>/);
  });

  it('says what it wants', () => {
    expect(() => tapesSvg([{ ...panel, places: [0, 1] }])).toThrow('tapesSvg: places must be of the 3 steps that written has, got 2');
    expect(() => tapesSvg([{ ...panel, places: [0, 1, 3] }])).toThrow('tapesSvg: places must be cells from 0 to 2, got 3');
    expect(() => tapesSvg([{ ...panel, memory: { cells: 2, places: [0, 1, 2] } }])).toThrow(
      'tapesSvg: places of the memory must be cells from 0 to 1, got 2',
    );
    expect(() => tapesSvg([{ ...panel, memory: { cells: 0, places: [] } }])).toThrow(
      'tapesSvg: cells must be a whole number from 1, got 0',
    );
    expect(() => tapesSvg([{ ...panel, wrote: [] } as never])).toThrow('tapesSvg: options must be among input');
    expect(() => tapesSvg([], { columns: 0 })).toThrow('tapesSvg: columns must be a whole number from 1, got 0');
  });
});
