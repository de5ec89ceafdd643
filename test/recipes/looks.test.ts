import { expect, it } from 'vitest';
import { draw } from '../../examples/recipes/draw/index.ts';
import { glimpse, glimpseCluttered } from '../../examples/recipes/glimpse/index.ts';
import { folderFor, measured } from './official.ts';
import { cook, quickly } from './recipe.ts';

it('glimpse tells most drawn digits from four small glimpses, and learns where to look', async () => {
  const folder = folderFor('glimpse');
  const finished = await cook(glimpse, /places|random/, folder);
  const [row] = glimpse.rows(finished, quickly);
  const random = Number(row?.baseline?.match(/^([\d.]+) % random/)?.[1]);
  expect(row?.ours[0]).toBeLessThan(30);
  expect(random).toBeGreaterThan(1.5 * (row?.ours[0] as number));
  const pictures = (await glimpse.pictures?.(finished, quickly)) ?? {};
  expect(Object.keys(pictures)).toEqual(['gaze', 'error']);
  expect([...(pictures.gaze as string).matchAll(/class="box"/g)]).toHaveLength(6 * 4);
  const official = await measured(folder, async (test) => glimpse.rows(await cook(glimpse, /places/, folder, test), quickly)[0]);
  expect(official).toBeGreaterThan(80);
  expect(glimpseCluttered.jobs(quickly).map(({ name }) => name)).toEqual(glimpse.jobs(quickly).map(({ name }) => name));
});

it('draw beats independent pixels on drawn zeros and ones, and uses z', async () => {
  const folder = folderFor('draw');
  const finished = await cook(draw, /windows/, folder);
  const [bound, z] = draw.rows(finished, quickly);
  const independent = Number(bound?.baseline?.match(/([\d.]+) independent/)?.[1]);
  expect(bound?.ours[0]).toBeLessThan(independent - 2);
  expect(z?.ours[0]).toBeGreaterThan(0.3);
  const official = await measured(folder, async (test) => draw.rows(await cook(draw, /windows/, folder, test), quickly)[0]);
  expect(official).toBeGreaterThan(1.1 * (bound?.ours[0] as number)); // half of what is labelled 0 and 1 there are nines
  expect(Object.keys((await draw.pictures?.(finished, quickly)) ?? {})).toEqual(['canvases', 'bound']);
});
