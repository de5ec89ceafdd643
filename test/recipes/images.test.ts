import { expect, it } from 'vitest';
import { caption } from '../../examples/recipes/caption/index.ts';
import { warp } from '../../examples/recipes/warp/index.ts';
import { folderFor, measured } from './official.ts';
import { cook, quickly } from './recipe.ts';

it('warp: a classifier with a transformer before it makes fewer errors than one that reads the whole canvas', async () => {
  const folder = folderFor('warp');
  const finished = await cook(warp, /./, folder);
  const [row] = warp.rows(finished, quickly);
  const without = Number.parseFloat(row?.baseline as string);
  expect(row?.ours[0]).toBeLessThan(without - 4);
  expect(without).toBeLessThan(60);
  const svg = await warp.pictures?.(finished, quickly);
  expect(svg?.views).toContain('<polygon');
  const official = await measured(folder, async (test) => warp.rows(await cook(warp, /warped/, folder, test), quickly)[0]);
  expect(official).toBeGreaterThan(70);
});

it('caption: attention says more than the mean of all places, and looks where the digit is', async () => {
  const folder = folderFor('caption');
  const finished = await cook(caption, /./, folder);
  const [exact, inBox] = caption.rows(finished, quickly);
  expect(exact?.ours[0]).toBeGreaterThan(Number.parseFloat(exact?.baseline as string) + 20);
  expect(inBox?.ours[0]).toBeGreaterThan(1.5 * Number.parseFloat(inBox?.baseline as string));
  const official = await measured(folder, async (test) => caption.rows(await cook(caption, /soft/, folder, test), quickly)[0]);
  expect(official).toBeLessThan((exact?.ours[0] as number) - 20);
});
