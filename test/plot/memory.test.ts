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

it('memorySvg refuses uneven traces', () => {
  expect(() => memorySvg({ reads: [[[1]]], writes: [[[1], [0]]] })).toThrow('memorySvg: traces must have the same steps');
});
