import { describe, expect, it } from 'vitest';
import { episodesSvg } from '../../src/plot/episodes.ts';
import { pullsSvg } from '../../src/plot/pulls.ts';
import { wellFormed } from './well-formed.ts';

const episode = { arms: 2, actions: [0, 1, 1], rewards: [1, 0, 1] };
const weights = [
  [1, 0, 0],
  [0.25, 0.75, 0],
  [0.1, 0.2, 0.7],
];

describe('pullsSvg', () => {
  it('draws each pull at its arm, won or lost, and below it where the player looked', () => {
    const svg = pullsSvg([{ ...episode, weights, chances: [0.25, 0.5], title: '<a>' }]);
    expect(wellFormed(svg)).toBe(true);
    expect(svg).toContain('&#60;a&#62;</text>');
    expect(svg).toContain('>2  0.50</text>');
    expect(svg).toContain('<circle class="won" cx="76" cy="38" r="8"><title>pull 1: arm 1 won</title></circle>');
    expect(svg).toContain('<circle class="lost" cx="100" cy="62" r="7"><title>pull 2: arm 2 lost</title></circle>');
    // Before pull 2 it knew the start and pull 1: two cells, the second in the column of pull 1, at opacity 0.75.
    expect([...svg.matchAll(/class="look"/g)]).toHaveLength(6);
    expect(svg).toMatch(/x="66" y="\d+" width="20" height="20" rx="3" fill-opacity="0.75"><title>before pull 2, pull 1: 0.750/);
    expect(wellFormed(pullsSvg([episode, { ...episode, actions: [], rewards: [] }], { columns: 1, theme: 'dark' }))).toBe(true);
    expect(wellFormed(pullsSvg([]))).toBe(true);
  });

  it('says what it wants', () => {
    expect(() => pullsSvg([{ ...episode, actions: [0, 1, 2] }])).toThrow('pullsSvg: actions must be arms from 0 to 1, got 2');
    expect(() => pullsSvg([{ ...episode, rewards: [0] }])).toThrow(
      'pullsSvg: actions and rewards must be of the same pulls, chances of 2 arms, got 3 and 1',
    );
    expect(() => pullsSvg([{ ...episode, chances: [0.1] }])).toThrow('got 3 and 3, chances of 1');
    expect(() => pullsSvg([{ ...episode, weights: [[1]] }])).toThrow('pullsSvg: labels must fit the weights');
    expect(() => pullsSvg([{ ...episode, arm: 1 } as never])).toThrow('pullsSvg: options must be among arms, actions');
    expect(() => pullsSvg([], { columns: 0 })).toThrow('pullsSvg: columns must be a whole number from 1, got 0');
  });
});

describe('episodesSvg', () => {
  const image = [
    [1, 1],
    [0, 0.5],
  ];
  const none = [
    [0, 0],
    [0, 0],
  ];

  it('draws the query, the examples with how much it looked at each, and a frame round the right one', () => {
    const svg = episodesSvg([{ query: image, items: [image, none], weights: [0.75, 0.25], right: 1, title: 'a & b' }]);
    expect(wellFormed(svg)).toBe(true);
    expect(svg).toContain('a &#38; b</text>');
    // One run of two pixels in the first row, one of half ink in the second.
    expect([...svg.matchAll(/<path class="g15" d="M0 0h56v28H0z"\/><?/g)]).toHaveLength(2);
    expect([...svg.matchAll(/<path class="g8" d="M28 28h28v28H28z"\/>/g)]).toHaveLength(2);
    expect(svg).toContain('width="42" height="6" rx="2"><title>0.750</title>');
    expect([...svg.matchAll(/class="right"/g)]).toHaveLength(1);
    expect(wellFormed(episodesSvg([], { columns: 2 }))).toBe(true);
  });

  it('says what it wants', () => {
    const panel = { query: image, items: [image], weights: [1] };
    expect(() => episodesSvg([{ ...panel, weights: [0.5, 0.5] }])).toThrow('episodesSvg: weights must be 1 numbers from 0 to 1, got 2');
    expect(() => episodesSvg([{ ...panel, weights: [1.5] }])).toThrow('episodesSvg: weights must be 1 numbers from 0 to 1, got 1.5');
    expect(() => episodesSvg([{ ...panel, query: [[0, 2]] }])).toThrow('episodesSvg: query must be from 0 to 1, got 2');
    expect(() => episodesSvg([{ ...panel, items: [[[0], [0, 1]]] }])).toThrow('episodesSvg: items must be rows of one length');
    expect(() => episodesSvg([panel], { theme: 'blue' as never })).toThrow('episodesSvg: theme must be one of auto, light, dark');
  });
});
