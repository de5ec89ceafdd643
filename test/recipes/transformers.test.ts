import { expect, it } from 'vitest';
import { g2pTransformer } from '../../examples/recipes/g2p/transformer.ts';
import { scan } from '../../examples/recipes/scan/index.ts';
import { translateTransformer } from '../../examples/recipes/translate/transformer.ts';
import { cook, quickly } from './recipe.ts';

it('g2p by a Transformer learns most sounds of short words within a few hundred steps', async () => {
  const finished = await cook(g2pTransformer, /transformer/);
  const [row] = g2pTransformer.rows(finished, quickly).filter(({ figure }) => figure.startsWith('phone error rate, Transformer'));
  expect(row?.ours[0]).toBeLessThan(45);
  expect(finished[0]?.outcome.spoken[0]?.weights?.length).toBeGreaterThan(0);
});

it('translate by a Transformer learns word order, far beyond remembered sentences', async () => {
  const finished = await cook(translateTransformer);
  const [all, short, long, share] = translateTransformer.rows(finished, quickly).map(({ ours }) => ours[0] ?? 0);
  expect(all).toBeGreaterThan(90);
  expect(finished.find(({ name }) => name === 'memory')?.outcome.bleu).toBeLessThan(80);
  expect(share).toBeCloseTo((100 * (long as number)) / (short as number), 10);
});

it('scan follows short commands that it did not learn', async () => {
  const finished = await cook(scan, /simple/);
  const [sinusoidal, rotary, relative] = scan.rows(finished, quickly).map(({ ours }) => ours[0]);
  expect(sinusoidal).toBeGreaterThan(80);
  expect(rotary).toBeGreaterThan(80);
  expect(relative).toBeGreaterThan(80);
});
