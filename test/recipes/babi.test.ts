import { expect, it } from 'vitest';
import { babiJoint } from '../../examples/recipes/babi/index.ts';
import { entities } from '../../examples/recipes/entities/index.ts';
import { babi, examplesOf, majorityError, vocabularyOf } from '../../examples/shared/babi.ts';
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
