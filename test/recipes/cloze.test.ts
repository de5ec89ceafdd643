import { expect, it } from 'vitest';
import { cloze } from '../../examples/recipes/cloze/index.ts';
import { cook, quickly } from './recipe.ts';

it('cloze: a reader that looks answers what one that takes all evenly, and every baseline, cannot', async () => {
  const finished = await cook(cloze);
  const [bilinear, uniform] = finished.map(({ outcome }) => outcome);
  expect(bilinear?.right).toBeGreaterThan(80);
  expect(uniform?.right).toBeLessThan(72);
  for (const share of Object.values(bilinear?.trivial ?? {})) expect(share).toBeLessThan(70);
  expect(bilinear?.shown[0]?.looks).toHaveLength(1);
  expect(cloze.rows(finished, quickly).filter(({ ours }) => ours.length > 0)).toHaveLength(2);
  const pictures = await cloze.pictures?.(finished, quickly);
  expect(Object.keys(pictures ?? {}).sort()).toEqual(['bilinear', 'learning']);
});
