import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { babiJoint } from '../../examples/recipes/babi/index.ts';
import { entities } from '../../examples/recipes/entities/index.ts';
import { babi, examplesOf, majorityError, vocabularyOf } from '../../examples/shared/babi.ts';
import type { Story } from '../../src/tasks/index.ts';
import { cook, quickly } from './recipe.ts';

const none = { hasData: false, path: (file: string) => file, testPath: () => undefined };

it('stories without --data are generated, each part by itself, for all tasks', () => {
  const all = babi(none, { train: 20, dev: 5, held: 10 }, [1, 4, 16]);
  expect(all.map(({ train, dev, held }) => [train, dev, held].map((part) => part.flatMap(({ questions }) => questions).length))).toEqual([
    [20, 5, 10],
    [20, 5, 10],
    [20, 5, 10],
  ]);
  const told = all.flatMap(({ train, dev, held }) => [...train, ...dev, ...held].map((story) => JSON.stringify(story)));
  expect(new Set(told).size).toBeGreaterThan(told.length - 8); // few of the shortest are told twice
  const vocabulary = vocabularyOf(all);
  expect(vocabulary.symbols[0]).toBe('<pad>');
  const [first] = examplesOf(all[0]?.train ?? [], vocabulary);
  expect(vocabulary.decode(Array.from(first?.question ?? []))[0]).toBe('where');
});

it('official stories are cut whole: the first are learned, the last held out, and tasks without a file left out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'saccade-babi-'));
  const places = ['attic', 'barn', 'cellar', 'den', 'entry', 'foyer'];
  const file = (names: readonly string[]) =>
    names
      .flatMap((place) => [
        `1 Mary went to the ${place}.`,
        `2 Where is Mary? \t${place}\t1`,
        '3 Mary slept.',
        `4 Where is Mary? \t${place}\t1`,
      ])
      .join('\n');
  writeFileSync(join(folder, 'qa1_single-supporting-fact_train.txt'), file(places));
  writeFileSync(join(folder, 'qa1_single-supporting-fact_test.txt'), file(['garden']));
  const given = { hasData: true, path: (name: string) => join(folder, name), testPath: () => undefined };
  const answers = (stories: readonly Story[]) => stories.map(({ questions }) => questions.map(({ answer }) => answer).join());
  const [first, ...others] = babi(given, { train: 3, dev: 1, held: 3 }, [1, 2, 3]);
  expect(others).toEqual([]);
  expect(first && [first.train, first.dev, first.held].map(answers)).toEqual([
    ['attic,attic', 'barn,barn'],
    ['cellar,cellar'],
    ['entry,entry', 'foyer,foyer'],
  ]);
  const [scarce] = babi(given, { train: 3, dev: 5, held: 3 }, [1]);
  expect(scarce && [scarce.dev, scarce.held].map((part) => part.length)).toEqual([3, 1]); // no story twice
  const [tested] = babi({ ...given, testPath: (name: string) => join(folder, name) }, { train: 3, dev: 1, held: 3 }, [1]);
  expect(tested && [answers(tested.train), answers(tested.held)]).toEqual([['attic,attic', 'barn,barn'], ['garden,garden']]);
});

it('the commonest answer is wrong as often as it is not the answer', () => {
  const story = (...answers: string[]) => ({
    sentences: [['a']],
    questions: answers.map((answer) => ({ after: 1, words: ['b'], answer, supports: [0] })),
  });
  expect(majorityError({ task: 1, train: [story('x', 'y', 'x')], dev: [], held: [story('x', 'y', 'z', 'x')] })).toBe(0.5);
});

it('babi learns where people are, and from which sentence', async () => {
  const finished = await cook(babiJoint);
  const [first] = finished.map(({ outcome }) => outcome);
  expect(first?.errors[0]?.error).toBeLessThan(0.05);
  expect(first?.errors[0]?.majority).toBeGreaterThan(0.5);
  expect(first?.supporting).toBeGreaterThan(0.9);
  expect(babiJoint.rows(finished, quickly).length).toBeGreaterThan(3);
  expect(Object.keys((await babiJoint.pictures?.(finished, quickly)) ?? {})).toEqual(['hops']);
});

it('entities learns where people are', async () => {
  const finished = await cook(entities);
  expect(finished[0]?.outcome.error).toBeLessThan(0.1);
  expect(entities.rows(finished, quickly).length).toBe(1);
  expect(Object.keys((await entities.pictures?.(finished, quickly)) ?? {})).toEqual(['gates']);
});
