import { expect, it } from 'vitest';
import { heads } from '../../examples/recipes/heads/index.ts';
import { reverse } from '../../examples/recipes/reverse/index.ts';
import { sort } from '../../examples/recipes/sort/index.ts';
import { cook, quickly } from './recipe.ts';

it.each([sort, reverse])('$name is learnt on eight symbols, and goes on to sixteen', async (recipe) => {
  const finished = await cook(recipe);
  const [once = 0, twice = 0] = recipe.rows(finished, quickly).map(({ ours }) => ours[0]);
  expect(once).toBeGreaterThan(95);
  expect(twice).toBeGreaterThan(80);
  expect(Object.keys((await recipe.pictures?.(finished, quickly)) ?? {})).toEqual(['by-length']);
});

it('heads draws every head of a Transformer that has learnt to say sequences backwards', async () => {
  const finished = await cook(heads);
  expect(heads.rows(finished, quickly)[0]?.ours[0]).toBeGreaterThan(90);
  const pictures = (await heads.pictures?.(finished, quickly)) ?? {};
  expect(Object.keys(pictures)).toEqual(['encoder', 'decoder', 'cross']);
  for (const svg of Object.values(pictures)) expect([...svg.matchAll(/layer [12], head [12]/g)].length).toBeGreaterThanOrEqual(4);
});
