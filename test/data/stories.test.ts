import { describe, expect, it } from 'vitest';
import { padStories, storyBatch, storyExamples, storyWords, Vocabulary } from '../../src/data/index.ts';
import { key } from '../../src/tensor/random.ts';

describe('padStories', () => {
  it('puts ragged stories side by side', () => {
    const { tokens, mask, lengths } = padStories([[[5, 6], [7]], [], [[8, 9, 10]]]);
    expect(tokens.shape).toEqual([3, 2, 3]);
    expect(Array.from(tokens.toArray())).toEqual([5, 6, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 8, 9, 10, 0, 0, 0]);
    expect(Array.from(mask.toArray())).toEqual([1, 1, 0, 0, 1, 0]);
    expect(lengths).toEqual([2, 0, 1]);
    const wider = padStories([[[1]]], { pad: -1, minSentences: 2, minWords: 2 });
    expect([wider.tokens.shape, Array.from(wider.tokens.toArray())]).toEqual([
      [1, 2, 2],
      [1, -1, -1, -1],
    ]);
  });

  it('refuses what is no token, and options that are none', () => {
    expect(() => padStories([[[1, 2.5]]])).toThrow('padStories: tokens must be int32, got 2.5 in story 0, sentence 0, at 1');
    expect(() => padStories([], { minWords: 0 })).toThrow('padStories: minWords must be a whole number from 1, got 0');
    expect(() => padStories([], { words: 3 } as object)).toThrow(
      'padStories: options must be among pad, minSentences, minWords, got words',
    );
  });
});

describe('storyBatch', () => {
  const example = (n: number, answer = 3) => ({ sentences: Array.from({ length: n }, (_, i) => [i + 1]), question: [9, 8], answer });

  it('keeps the latest sentences, with their ages', () => {
    const { stories, ages, questions, answers } = storyBatch([example(2), example(5, 4)], { memory: 3 });
    expect([stories.shape, Array.from(stories.toArray())]).toEqual([
      [2, 3, 1],
      [1, 2, 0, 3, 4, 5],
    ]);
    expect(Array.from(ages.toArray())).toEqual([2, 1, 0, 3, 2, 1]);
    expect([questions.shape, Array.from(questions.toArray())]).toEqual([
      [2, 2],
      [9, 8, 9, 8],
    ]);
    expect(Array.from(answers.toArray())).toEqual([3, 4]);
  });

  it('lets ages skip under noise, in order and at most as high as memory, by the key alone', () => {
    const all = Array.from({ length: 40 }, (_, i) =>
      Array.from(storyBatch([example(20)], { noise: 0.1, memory: 21, key: key(i) }).ages.toArray()),
    );
    for (const ages of all) {
      expect(ages).toEqual(ages.toSorted((a, b) => b - a));
      expect(ages.every((age) => age >= 1 && age <= 21)).toBe(true);
    }
    const highest = all.map((ages) => ages[0] as number);
    expect(new Set(highest)).toEqual(new Set([20, 21])); // 22 is capped
    const free = Array.from({ length: 40 }, (_, i) => storyBatch([example(20)], { noise: 0.1, key: key(i) }).ages.toArray()[0] as number);
    expect(new Set(free)).toEqual(new Set([20, 21, 22]));
    expect(all.some((ages) => ages.at(-1) !== 1)).toBe(true);
    const plain = Array.from({ length: 20 }, (_, i) => 20 - i).join();
    const untouched = all.filter((ages) => ages.join() === plain).length;
    expect(untouched).toBeGreaterThan(4); // one of three draws no empty sentence
    expect(untouched).toBeLessThan(30);
    const again = () => Array.from(storyBatch([example(20)], { noise: 0.5, key: key(3) }).ages.toArray());
    expect(again()).toEqual(again());
    expect(() => storyBatch([example(2)], { noise: 0.1 })).toThrow(
      'storyBatch: key must be made by key(seed), split or foldIn, got undefined',
    );
    expect(() => storyBatch([example(2)], { noise: -1 })).toThrow('storyBatch: noise must be a number from 0, got -1');
  });
});

it('stories in words become examples with the sentences before each question', () => {
  const story = {
    sentences: [
      ['mary', 'left'],
      ['john', 'came'],
    ],
    questions: [
      { after: 1, words: ['who', 'left'], answer: 'mary' },
      { after: 2, words: ['who', 'came'], answer: 'john' },
    ],
  };
  const vocabulary = Vocabulary.from(storyWords([story]), { specials: ['<pad>'] });
  expect(vocabulary.symbols).toEqual(['<pad>', 'came', 'john', 'left', 'mary', 'who']);
  expect(storyExamples(story, vocabulary)).toEqual([
    { sentences: [[4, 3]], question: [5, 3], answer: 4 },
    {
      sentences: [
        [4, 3],
        [2, 1],
      ],
      question: [5, 1],
      answer: 2,
    },
  ]);
});
