import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from 'saccade';
import { expect, it } from 'vitest';
import { shakespeare, shakespeareChoice, shakespeareMinutes } from '../../examples/recipes/shakespeare/index.ts';
import { shakespeareLadder } from '../../examples/recipes/shakespeare/ladder.ts';
import { CharacterModel } from '../../examples/recipes/shakespeare/model.ts';
import { measured } from '../../examples/recipes/shakespeare/teaching.ts';
import { tailOf, textFor } from '../../examples/recipes/shakespeare/text.ts';
import { cook, quickly } from './recipe.ts';

it('shakespeare learns made-up lines far beyond the frequencies of characters, which know 2.85 nats', async () => {
  const finished = await cook(shakespeareMinutes);
  const [row] = shakespeareMinutes.rows(finished, quickly);
  expect(row?.ours[0]).toBeLessThan(0.6);
  expect(row?.ours[0]).toBeGreaterThan(0.2); // choosing who, what and whom costs 0.24 nats a character
  expect(Object.keys((await shakespeareMinutes.pictures?.(finished, quickly)) ?? {})).toEqual(['learning']);
});

const shape = { layers: 1, size: 16, heads: 2, block: 8, dropout: 0 };

it('measures every character but the first, whatever the text’s length', () => {
  const model = new CharacterModel(3, shape, { zeroed: true, rotary: 100 }, key(1));
  for (const length of [9, 10, 200]) expect(measured(model, new Int32Array(length), 8)).toBeCloseTo(Math.log(3), 5);
  const other = new CharacterModel(5, shape, {}, key(1));
  const text = Int32Array.from({ length: 30 }, (_, i) => (i * i) % 5);
  const parts = [0, 8, 16, 24].map((start) => text.slice(start, start + 9));
  const weighted = parts.reduce((sum, part) => sum + measured(other, part, 8) * (part.length - 1), 0);
  expect(measured(other, text, 8)).toBeCloseTo(weighted / 29, 5);
});

it('the model tells nothing of what comes', () => {
  const model = new CharacterModel(5, shape, { rmsNorm: true, rotary: 100, qkNorm: true, squared: true, pairs: true }, key(2));
  const rows = Int32Array.from([0, 1, 2, 3, 4, 0, 1, 2]);
  const other = rows.map((symbol, i) => (i < 5 ? symbol : 4 - symbol));
  const [a, b] = [rows, other].map((text) => [...model.forward(text, 8).toArray()]) as [number[], number[]];
  expect(b.slice(0, 25)).toEqual(a.slice(0, 25));
  expect(b.slice(25)).not.toEqual(a.slice(25));
});

it('refuses another text, whose figures would be of something else', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'saccade-recipe-')), 'tinyshakespeare.txt');
  writeFileSync(path, 'To be, or not to be');
  expect(() => textFor({ quick: false, path: () => path })).toThrow('shakespeare: tinyshakespeare.txt must have the SHA-256 86c4e6aa');
});

it('the ladder begins with nanoGPT, ends with Muon, and each rung changes something', () => {
  const lessons = shakespeareLadder.jobs({ quick: false, keys: 1 }).map(({ settings }) => settings.lesson);
  const [nano, ...rest] = shakespeare.jobs({ quick: false, keys: 1 }).map(({ settings }) => settings.lesson);
  expect(lessons[0]).toEqual(nano);
  expect(lessons.at(-1)).toEqual(rest[1]);
  expect(lessons.at(-2)).toEqual(rest[0]);
  expect(new Set(lessons.map((lesson) => JSON.stringify(lesson))).size).toBe(8);
});

it('settings are chosen on the end of the training part, which is not learnt from then, and nothing of the validation part is seen', () => {
  const text = textFor({ quick: true, path: (file) => file });
  const { train, validation } = tailOf(text);
  expect([...train, ...validation]).toEqual([...text.train]);
  expect(validation.length).toBe(Math.ceil(text.train.length / 20));
  expect(shakespeareChoice.jobs({ quick: false, keys: 1 }).map(({ name }) => name)).toEqual(
    ['rate1', 'rate2', 'rate4', 'dropout0', 'dropout1', 'dropout2'].map((name) => `${name}-0`),
  );
});
