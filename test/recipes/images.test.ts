import { expect, it } from 'vitest';
import { caption } from '../../examples/recipes/caption/index.ts';
import { warp } from '../../examples/recipes/warp/index.ts';
import { cook, quickly } from './recipe.ts';

it('warp: a classifier with a transformer before it makes fewer errors than one that reads the whole canvas', async () => {
  const finished = await cook(warp);
  const [row] = warp.rows(finished, quickly);
  const without = Number.parseFloat(row?.baseline as string);
  expect(row?.ours[0]).toBeLessThan(without - 4);
  expect(without).toBeLessThan(60);
  const svg = await warp.pictures?.(finished, quickly);
  expect(svg?.views).toContain('<polygon');
});

it('caption: attention says more than the mean of all places, and looks where the digit is', async () => {
  const finished = await cook(caption);
  const [exact, inBox] = caption.rows(finished, quickly);
  expect(exact?.ours[0]).toBeGreaterThan(Number.parseFloat(exact?.baseline as string) + 20);
  expect(inBox?.ours[0]).toBeGreaterThan(1.5 * Number.parseFloat(inBox?.baseline as string));
});
