import { expect, it } from 'vitest';
import { hull } from '../../examples/recipes/hull/index.ts';
import { tsp } from '../../examples/recipes/tsp/index.ts';
import { cook, quickly } from './recipe.ts';

it('hull finds most hulls of five points within a few hundred steps', async () => {
  const finished = await cook(hull);
  const rows = hull.rows(finished, quickly);
  expect(rows.map(({ figure }) => figure)).toEqual(['the very hull, n = 5', 'area of the hull covered, n = 5', 'simple polygons, n = 5']);
  expect(rows[0]?.ours[0]).toBeGreaterThan(50);
  expect(rows[1]?.ours[0]).toBeGreaterThan(95);
  expect(rows[2]?.ours[0]).toBeGreaterThan(90);
  expect(Object.keys((await hull.pictures?.(finished, quickly)) ?? {})).toEqual(['drawn', 'curve']);
});

it('tsp comes close to the shortest tours of four cities, and none is shorter than they', async () => {
  const finished = await cook(tsp);
  const [length = 0, greedy = 0, shortest = 0] = tsp.rows(finished, quickly).map(({ ours }) => ours[0]);
  expect(length).toBeGreaterThanOrEqual(shortest);
  expect(greedy).toBeGreaterThanOrEqual(shortest);
  expect(length / shortest).toBeLessThan(1.02);
  expect(Object.keys((await tsp.pictures?.(finished, quickly)) ?? {})).toEqual(['drawn', 'curve']);
});
