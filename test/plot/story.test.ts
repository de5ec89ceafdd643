import { describe, expect, it } from 'vitest';
import { gatesSvg, gatesText, hopsSvg, hopsText } from '../../src/plot/index.ts';
import { wellFormed } from './well-formed.ts';

const sentences = ['mary went to the <garden>', 'john left', 'mary slept'];
const hops = { sentences, question: 'where is mary', answer: 'garden', supports: [0], weights: [[1, 0, 0, 0.5], [0.25, 0.5, 0.25, 0]] }; // biome-ignore format: one line
const gates = { sentences, gates: [[0.5, 0], [0, 1], [0.25, 0]], entities: ['mary', 'john'] }; // biome-ignore format: one line

describe('stories', () => {
  it('of hops: sentences down the side, a column a hop, the support marked', () => {
    const svg = hopsSvg(hops);
    expect(wellFormed(svg)).toBe(true);
    expect([...svg.matchAll(/<rect class="c(\d+)" [^>]*><title>/g)].map(([, level]) => Number(level))).toEqual([32, 8, 0, 16, 0, 8]); // not the place behind the story
    for (const said of ['* mary went to the &#60;garden&#62;', 'john left', 'hop 1', 'hop 2', 'where is mary? garden'])
      expect(svg).toContain(`>${said}</text>`);
    expect(wellFormed(hopsSvg([hops, hops], { columns: 2, theme: 'dark' }))).toBe(true);
    expect(hopsText(hops, { color: false }).split('\n').slice(0, 2)).toEqual([
      'where is mary? garden',
      expect.stringMatching(/^ +hop 1 hop 2$/),
    ]);
    expect(hopsText(hops, { color: false })).toMatch(/\* mary went to the <garden> █████ ░|\* mary went to the <garden> █████ /);
  });

  it('of gates: a column an entity', () => {
    const svg = gatesSvg(gates);
    expect(wellFormed(svg)).toBe(true);
    expect([...svg.matchAll(/<rect class="c(\d+)" [^>]*><title>/g)].map(([, level]) => Number(level))).toEqual([16, 0, 0, 32, 8, 0]);
    expect(svg).toContain('>mary</text>');
    const { entities: _, ...unnamed } = gates;
    expect(gatesText(unnamed, { color: false }).split('\n')[0]).toMatch(/^ +1 {2}2$/);
  });

  it('refuse what does not fit', () => {
    expect(() => hopsSvg({ ...hops, weights: [[1, 0]] })).toThrow(
      'hopsSvg: every sentence must have a number for each column, got none for sentence 2',
    );
    expect(() => gatesSvg({ ...gates, entities: ['mary'] })).toThrow('gatesSvg: entities must be 2 names, got 1');
    expect(() => hopsText({ ...hops, weight: 1 } as never)).toThrow('hopsText: a story must be among');
    expect(() => hopsSvg([])).toThrow('hopsSvg: looks must be stories, got []');
    expect(() => gatesText(gates, { colour: true } as never)).toThrow('gatesText: options must be among color, got colour');
  });
});
