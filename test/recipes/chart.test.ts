import { expect, it } from 'vitest';
import { linesSvg } from '../../examples/runner/chart.ts';

it('draws curves with their names, for light pages and dark, the same each time', async () => {
  const curve = (name: string, slope: number) => ({ name, points: [0, 1, 2].map((x): [number, number] => [x, slope * x]) });
  const lines = [curve('first', 1), { name: 'none', points: [] }, curve('a < b', 3)];
  const svg = await linesSvg(lines, { x: 'step', y: 'loss & more' });
  expect(svg).toMatch(/^<svg[^>]*><title>loss &#38; more by step: first, a &#60; b<\/title><style>@media\(prefers-color-scheme:dark\)/);
  expect([...svg.matchAll(/mark-line/g)]).toHaveLength(2);
  expect(svg).toContain('a &lt; b');
  expect(svg).not.toContain('none<');
  expect(await linesSvg(lines, { x: 'step', y: 'loss & more' })).toBe(svg);
});
