import { describe, expect, it } from 'vitest';
import { babiStories, readBabi, type Story } from '../../src/tasks/index.ts';
import { key } from '../../src/tensor/random.ts';
import { solve, strangeIn } from './babi-solver.ts';

const tasks = Array.from({ length: 20 }, (_, i) => i + 1);
const answersOf = (stories: readonly Story[]) => stories.flatMap(({ questions }) => questions.map(({ answer }) => answer));

describe('generated stories', () => {
  it.each(tasks)(
    'of task %i have the answers that another reader gives, from the supporting sentences too where those are enough',
    (task) => {
      const stories = babiStories(key(task), { task, stories: 60 });
      for (const story of stories) {
        for (const question of story.questions) {
          const said = story.sentences.slice(0, question.after).map((words) => words.join(' '));
          expect(solve(task, story, question), `${said.join('. ')}. ${question.words.join(' ')}?`).toBe(question.answer);
          expect(question.supports.length).toBeGreaterThan(0);
          const sentences = question.supports.toSorted((a, b) => a - b).map((at) => story.sentences[at] as readonly string[]);
          const alone = { sentences, questions: [] };
          expect(
            solve(task, alone, { ...question, after: sentences.length }),
            `of ${sentences.map((words) => words.join(' ')).join('. ')}`,
          ).toBe(question.answer);
        }
      }
      const answers = answersOf(stories);
      const most = Math.max(...[...new Set(answers)].map((answer) => answers.filter((own) => own === answer).length));
      expect(most / answers.length).toBeLessThan(task === 7 ? 0.75 : 0.65); // no answer is a bargain
    },
  );

  it.each([2, 3, 5, 6, 7, 8])('of task %i let nobody take what is elsewhere, or give what they do not have', (task) => {
    expect(babiStories(key(7), { task, stories: 40 }).flatMap(strangeIn)).toEqual([]);
  });

  it('are the same for one key, and others for another', () => {
    const of = (seed: number) => babiStories(key(seed), { task: 2, stories: 3 });
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    expect(babiStories(key(1), { task: 2, stories: 5 }).slice(0, 3)).toEqual(of(1)); // more stories change none
  });

  it('refuse tasks that are none', () => {
    expect(() => babiStories(key(1), { task: 21, stories: 1 })).toThrow('babiStories: task must be a whole number from 1 to 20, got 21');
    expect(() => babiStories(key(1), { task: 1, stories: -1 })).toThrow('babiStories: stories must be a whole number from 0, got -1');
  });
});

describe('readBabi', () => {
  const text = [
    '1 Mary moved to the bathroom.',
    '2 John went to the hallway.',
    '3 Where is Mary? \tbathroom\t1',
    '4 Mary got the milk there.',
    '5 What is Mary carrying? \tMilk,Football\t1 4',
    '1 The box fits inside the chest.',
    '2 Does the chest fit in the box?\tno\t1',
    '',
  ].join('\n');

  it('cuts stories, words, answers and supports', () => {
    const [first, second, ...rest] = readBabi(text);
    expect(rest).toEqual([]);
    expect(first?.sentences.map((words) => words.join(' '))).toEqual([
      'mary moved to the bathroom',
      'john went to the hallway',
      'mary got the milk there',
    ]);
    expect(first?.questions).toEqual([
      { after: 2, words: ['where', 'is', 'mary'], answer: 'bathroom', supports: [0] },
      { after: 3, words: ['what', 'is', 'mary', 'carrying'], answer: 'milk,football', supports: [0, 2] }, // line 4 is sentence 2
    ]);
    expect(second?.questions[0]?.supports).toEqual([0]);
    expect(readBabi(text.replaceAll('\n', '\r\n'))).toEqual(readBabi(text));
  });

  it('refuses what is no story', () => {
    expect(() => readBabi('Mary went.')).toThrow('readBabi: line 1 must begin with its number, got Mary went.');
    expect(() => readBabi('2 Mary went.')).toThrow('readBabi: the first line must be number 1, got 2');
    expect(() => readBabi('1 Mary went.\n2 Where? \tx\t3')).toThrow('readBabi: supports must be sentences of the story, got 3 in line 2');
    expect(() => readBabi(3 as never)).toThrow('readBabi: text must be a string, got 3');
  });
});
