import { expect, it } from 'vitest';
import { draw } from '../../examples/recipes/draw/index.ts';
import { glimpse, glimpseCluttered } from '../../examples/recipes/glimpse/index.ts';
import { cook, quickly } from './recipe.ts';

it('glimpse tells most drawn digits from four small glimpses, and learns where to look', async () => {
  const finished = await cook(glimpse, /places|random/);
  const [row] = glimpse.rows(finished, quickly);
  const random = Number(row?.baseline?.match(/^([\d.]+) % random/)?.[1]);
  expect(row?.ours[0]).toBeLessThan(30);
  expect(random).toBeGreaterThan(1.5 * (row?.ours[0] as number));
  const pictures = (await glimpse.pictures?.(finished, quickly)) ?? {};
  expect(Object.keys(pictures)).toEqual(['gaze', 'error']);
  expect([...(pictures.gaze as string).matchAll(/class="box"/g)]).toHaveLength(6 * 4);
  expect(glimpseCluttered.jobs(quickly).map(({ name }) => name)).toEqual(glimpse.jobs(quickly).map(({ name }) => name));
});

it('draw beats independent pixels on drawn zeros and ones, and uses z', async () => {
  const finished = await cook(draw, /windows/);
  const [bound, z] = draw.rows(finished, quickly);
  const independent = Number(bound?.baseline?.match(/([\d.]+) independent/)?.[1]);
  expect(bound?.ours[0]).toBeLessThan(independent - 2);
  expect(z?.ours[0]).toBeGreaterThan(0.3);
  expect(Object.keys((await draw.pictures?.(finished, quickly)) ?? {})).toEqual(['canvases', 'bound']);
});
