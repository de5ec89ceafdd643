import { expect, it } from 'vitest';
import { fewShot } from '../../examples/recipes/few-shot/index.ts';
import { cook, quickly } from './recipe.ts';

it('few-shot: drawn characters that were never seen are told apart by one drawing, by both learners', async () => {
  const finished = await cook(fewShot);
  const rows = fewShot.rows(finished, quickly);
  expect(rows.map(({ figure }) => figure)).toEqual(['right, 3-way 1-shot, prototypical network', 'right, 3-way 1-shot, SNAIL']);
  const [prototypes = 0, snail = 0] = rows.map(({ ours }) => ours[0]);
  // By chance a third is right; the standard error is 2.
  expect(snail).toBeGreaterThan(46);
  expect(prototypes).toBeGreaterThan(60);
  expect(Object.keys((await fewShot.pictures?.(finished, quickly)) ?? {})).toEqual(['prototypes', 'snail', 'curve']);
});
