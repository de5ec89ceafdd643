import { expect, it } from 'vitest';
import { g2p } from '../../examples/recipes/g2p/index.ts';
import { cook, quickly } from './recipe.ts';

it('g2p learns most sounds of short words within a few hundred steps', async () => {
  const finished = await cook(g2p, /additive/);
  const [row] = g2p.rows(finished, quickly).filter(({ figure }) => figure.startsWith('phone error rate, additive'));
  expect(row?.ours[0]).toBeLessThan(30);
});
