import { expect, it } from 'vitest';
import { bandits } from '../../examples/recipes/bandits/index.ts';
import { cook, quickly } from './recipe.ts';

it('bandits: a learner comes close to the optimum of five pulls at two arms', async () => {
  const finished = await cook(bandits);
  const rows = bandits.rows(finished, quickly);
  const [greedy = 0, drawn = 0, behind = 0, optimum = 0] = rows.map(({ ours }) => ours[0]);
  expect(optimum).toBeCloseTo(26 / 9, 10);
  // Whoever has learnt nothing has 2.5; who never leaves an arm, too. The standard error is 0.035.
  expect(greedy).toBeGreaterThan(2.78);
  expect(drawn).toBeGreaterThan(2.74);
  expect(behind).toBeLessThan(0.06);
  const pictures = await bandits.pictures?.(finished, quickly);
  expect(Object.keys(pictures ?? {})).toEqual(['pulls', 'curve']);
  expect(pictures?.pulls).toContain('before pull 5, pull 4');
});
