import { expect, it } from 'vitest';
import { intra } from '../../examples/recipes/intra/index.ts';
import { cook, quickly } from './recipe.ts';

it('intra reads a name again that was said before, which a plain core of equal size cannot', async () => {
  const finished = await cook(intra);
  const [ours, plain, gain] = intra.rows(finished, quickly).map((row) => row.ours[0] as number);
  const [one, other] = finished.map(({ outcome }) => outcome.parameters);
  expect(other).toBeGreaterThanOrEqual(one as number);
  // Of 16 characters four are of 4 bits: what cannot be known is 1 bit a character, and 2 where the name is not known again.
  expect(ours).toBeGreaterThan(1);
  expect(ours).toBeLessThan(1.15);
  expect(plain).toBeGreaterThan(1.7);
  expect(gain).toBeCloseTo((plain as number) - (ours as number), 12);
  const counted = finished[1]?.outcome.counted ?? [];
  expect(Math.min(...counted)).toBeGreaterThan(2);
});
