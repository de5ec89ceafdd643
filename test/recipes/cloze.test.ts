import { expect, it } from 'vitest';
import { cloze } from '../../examples/recipes/cloze/index.ts';
import { cook, quickly } from './recipe.ts';

it('cloze: a reader that looks answers what no baseline can', async () => {
  const finished = await cook(cloze, /bilinear/);
  const { right, trivial, shown } = finished[0]?.outcome ?? { right: 0, trivial: {}, shown: [] };
  expect(Object.keys(trivial)).toEqual(['frequent', 'exclusive', 'nearest']);
  for (const share of Object.values(trivial)) expect(right).toBeGreaterThan(share + 8);
  expect(shown[0]?.looks).toHaveLength(1);
  const pictures = await cloze.pictures?.(finished, quickly);
  expect(Object.keys(pictures ?? {}).sort()).toEqual(['bilinear', 'learning']);
});
