import { expect, it } from 'vitest';
import { memorySvg } from '../../src/plot/index.ts';
import { wellFormed } from './well-formed.ts';

const traces = { reads: [[[0, 1, 0], [0, 0.5, 0]]], writes: [[[1, 0, 0], [0, 0, 0.01]]] }; // biome-ignore format: steps

it('memorySvg marks where heads were, as far as one looked, and leaves faint weights out', () => {
  const svg = memorySvg(traces, { title: 'a < b' });
  expect(wellFormed(svg)).toBe(true);
  expect(svg.match(/<rect class="write" [^>]*height="13"/g)).toHaveLength(1);
  expect(svg.match(/<rect class="read" [^>]*height="13"/g)).toHaveLength(2);
  expect(svg).toContain('opacity="0.5"');
  expect(svg).toContain('height="28" rx="3"'); // two cells
  expect(memorySvg({ ...traces, inputs: [[1], [0]], outputs: [[0, 1], [1, 0]] }).match(/class="bit"/g)).toHaveLength(3); // biome-ignore format: steps
});

it('memorySvg draws the part of the circle of cells where heads were, or the part that is asked for', () => {
  const round = { reads: [[[0.9, 0, 0, 0, 0.05], [0, 0, 0, 0, 1]]], writes: [[[0, 0, 0, 0.6, 0], [0, 0, 0, 0, 1]]] }; // biome-ignore format: steps
  const svg = memorySvg(round);
  expect(svg).toContain('height="42" rx="3"'); // cells 3, 4 and 0
  expect(svg).toContain('>from 3</text>');
  const ys = [...svg.matchAll(/<rect class="(read|write)" [^>]*y="([\d.]+)" width="6" height="13"( opacity="[\d.]+")?/g)].map(
    ([, kind, y]) => [kind, Number(y)],
  );
  expect(ys).toEqual([['write', 20.5], ['write', 34.5], ['read', 34.5], ['read', 48.5], ['read', 34.5]]); // biome-ignore format: marks
  expect(memorySvg(round, { cells: 1 })).toContain('height="14" rx="3"');
  expect(memorySvg(round, { cells: 1 })).not.toContain('from');
  expect(memorySvg(round, { first: 4, cells: 2 })).toContain('>from 4</text>');
  expect(memorySvg({ reads: [[[0.05, 0.05]]], writes: [] })).toContain('height="14" rx="3"');
});

it('memorySvg refuses uneven traces', () => {
  expect(() => memorySvg({ reads: [[[1]]], writes: [[[1], [0]]] })).toThrow('memorySvg: traces must have the same steps');
});
