import { expect, it } from 'vitest';
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
