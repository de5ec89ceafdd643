import { key, padBatch } from 'saccade';
import { locationAware } from 'saccade/attention';
import { expect, it } from 'vitest';
import { reverse } from '../../examples/recipes/reverse/index.ts';
import { sort } from '../../examples/recipes/sort/index.ts';
import { ItemsSeq2Seq } from '../../examples/recipes/sort/items.ts';
import { cook, quickly } from './recipe.ts';

it.each([sort, reverse])('$name is learnt on eight symbols, and goes on to sixteen', async (recipe) => {
  const finished = await cook(recipe);
  const [once = 0, twice = 0] = recipe.rows(finished, quickly).map(({ ours }) => ours[0]);
  expect(once).toBeGreaterThan(95);
  expect(twice).toBeGreaterThan(80);
  expect(Object.keys((await recipe.pictures?.(finished, quickly)) ?? {})).toEqual(['by-length']);
});

it('weights are of the memory, which is longer than the source', () => {
  const model = new ItemsSeq2Seq({ source: 8, target: 8, hidden: 4, attention: locationAware }, key(1));
  const { weights, hypotheses } = model.translate(padBatch([[3, 4, 5], [6]]).tokens, { maxLength: 5 });
  expect(weights?.shape).toEqual([2, Math.max(...hypotheses.map(([best]) => best?.trace.length ?? 0)), 4]);
  expect(model.teach(padBatch([[3]]).tokens, padBatch([[3, 2]]).tokens).weights?.shape).toEqual([1, 2, 2]);
});
