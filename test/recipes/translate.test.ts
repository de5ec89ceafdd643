import { expect, it } from 'vitest';
import { translate } from '../../examples/recipes/translate/index.ts';
import { cook, quickly } from './recipe.ts';

it('translate learns word order with attention, far beyond remembered sentences', async () => {
  const finished = await cook(translate, /attention|memory/);
  const [row] = translate.rows(finished, quickly);
  const memory = finished.find(({ name }) => name === 'memory');
  expect(row?.ours[0]).toBeGreaterThan(90);
  expect(memory?.outcome.bleu).toBeLessThan(80);
});
