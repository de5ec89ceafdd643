import { expect, it } from 'vitest';
import { ladder } from '../../examples/recipes/ladder/index.ts';
import { cook, quickly } from './recipe.ts';

it('ladder: attention to items says far more sounds right than one vector for the word', async () => {
  const finished = await cook(ladder, /one-vector|items-as-keys/);
  const rates = ladder.rows(finished, quickly).filter(({ figure, ours }) => figure.startsWith('phone error rate') && ours.length > 0);
  const [one, items] = rates.map(({ ours }) => ours[0] as number) as [number, number];
  expect(rates).toHaveLength(2);
  expect(items).toBeLessThan(40);
  expect(one - items).toBeGreaterThan(15);
});
