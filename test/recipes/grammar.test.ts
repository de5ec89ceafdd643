import { describe, expect, it } from 'vitest';
import { grammar } from '../../examples/recipes/grammar/index.ts';
import { numbersOf, sentencesOf } from '../../examples/recipes/grammar/treebank.ts';
import { cook, quickly } from './recipe.ts';

it('grammar: attention parses what the same model without it does not, and what branches to the right is not', async () => {
  const finished = await cook(grammar);
  const [attended, none] = finished.map(({ outcome }) => outcome);
  expect(attended?.scores.all).toBeGreaterThan(85);
  expect(attended?.scores.all).toBeGreaterThan((none?.scores.all ?? 100) + 4);
  expect(attended?.right.all).toBeLessThan(50);
  expect(attended?.ceiling.all).toBeGreaterThan(98);
  expect(attended?.drawn[0]?.parse.looks?.length).toBe(attended?.drawn[0]?.parse.opened.length);
  const pictures = await grammar.pictures?.(finished, quickly);
  expect(Object.keys(pictures ?? {}).sort()).toEqual(['learning', 'tree']);
});

describe('the treebank', () => {
  const text = [
    "# text = Dogs can't bark.",
    '1\tDogs\tdog\tNOUN\tNNS\t_\t4\tnsubj:pass\t_\t_',
    "2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_",
    '2\tca\tcan\tAUX\tMD\t_\t4\taux\t_\t_',
    "3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_",
    '3.1\tdo\tdo\tVERB\tVB\t_\t_\t_\t_\t_',
    '4\tbark\tbark\tVERB\tVB\t_\t0\troot\t_\t_',
    '',
    '# another',
    '1\tDogs\tdog\tNOUN\tNNS\t_\t0\troot\t_\t_',
    '',
  ].join('\n');

  it('is read by words: contractions and words left out are passed over, relations lose their subtypes', () => {
    expect(sentencesOf(text)).toEqual([
      { words: ['Dogs', 'ca', "n't", 'bark'], heads: [3, 3, 3, -1], relations: ['nsubj', 'aux', 'advmod', 'root'] },
      { words: ['Dogs'], heads: [-1], relations: ['root'] },
    ]);
  });

  it('has a number for each word that comes twice, and for what others look like', () => {
    const { encode, size } = numbersOf(sentencesOf(text));
    const [dogs, ca, singing, unknown] = encode(['dogs', 'ca', 'Singing', '42']);
    expect(dogs).not.toBe(ca);
    expect(singing).toBe(3); // no such kind in training
    expect(unknown).toBe(3);
    expect(Math.max(...encode(['Dogs', 'ca', "n't", 'bark']))).toBeLessThan(size);
  });
});
