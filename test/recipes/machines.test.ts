import { expect, it } from 'vitest';
import { copy } from '../../examples/recipes/copy/index.ts';
import { ngrams } from '../../examples/recipes/ngrams/index.ts';
import { repeatCopy } from '../../examples/recipes/repeat-copy/index.ts';
import { tapes } from '../../examples/recipes/tapes/index.ts';
import { cook, quickly } from './recipe.ts';

it('copy is learnt: 4 vectors of 4 bits, hardly a wrong one, and the head that reads goes on by a cell a step', async () => {
  const finished = await cook(copy);
  const [first] = finished.map(({ outcome }) => outcome);
  expect(first?.scores[0]?.wrong).toBeLessThan(5); // 50 by chance
  const read = (first?.seen?.reads[0] ?? []).slice(5).map((row) => row.indexOf(Math.max(...row)));
  expect(read.slice(1).map((cell, i) => (cell - (read[i] as number) + 8) % 8)).toEqual([1, 1, 1]);
  expect(copy.rows(finished, quickly).map(({ figure }) => figure)).toEqual(['wrong bits, 4 vectors']);
  expect(Object.keys((await copy.pictures?.(finished, quickly)) ?? {})).toEqual(['learning', 'memory']);
});

it('repeat-copy says vectors once before it says them twice, and comes to the second level', async () => {
  const [first] = (await cook(repeatCopy)).map(({ outcome }) => outcome);
  expect(first?.level).toBe(2);
  expect(first?.scores[0]?.wrong).toBeLessThan(15); // 30 without what was read
});

it('ngrams stay above what the Bayesian needs, and below guessing', async () => {
  const [first] = (await cook(ngrams)).map(({ outcome }) => outcome);
  const { bits = 0, optimum = 0 } = first?.scores[0] ?? {};
  expect(bits).toBeGreaterThan(optimum);
  expect(bits).toBeLessThan(28.5); // 29 by chance
});

it('tapes: copying by draws is learnt', async () => {
  const [first] = (await cook(tapes)).map(({ outcome }) => outcome);
  expect(first?.level).toBe(3);
  expect(first?.exact[0]?.percent).toBeGreaterThan(80);
});
