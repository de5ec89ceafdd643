// Stories with questions, as the bAbI tasks have them (Weston et al. 2015, "Towards AI-complete question answering").

import { isText } from '../../tensor/check.ts';

/** A question in the course of a story. */
export interface StoryQuestion {
  /** How many of the story's sentences come before it. */
  readonly after: number;
  /** The question, one entry a word. */
  readonly words: readonly string[];
  /** One class, even if it names several things: `milk,football`. */
  readonly answer: string;
  /** The sentences from which the answer follows, from 0. */
  readonly supports: readonly number[];
}

/** A story with its questions: words in lower case, without the full stop or the question mark. */
export interface Story {
  /** The words of each sentence, in the order they are told. */
  readonly sentences: readonly (readonly string[])[];
  /** In the order of the sentences they come after. */
  readonly questions: readonly StoryQuestion[];
}

const wordsOf = (text: string): string[] => text.trim().replace(/[.?]$/, '').trim().toLowerCase().split(/\s+/).filter(Boolean);

const LINE = /^(\d+) ([^\t]+)(?:\t([^\t]*)\t?([\d ]*))?$/;

/**
 * Reads a file of the official data: numbered lines, a story begins at 1, and a question has its answer and the numbers of its supporting
 * lines behind tabs. Answers are in lower case, as words are.
 */
export function readBabi(text: string): Story[] {
  isText('readBabi', 'text', text);
  const stories: { sentences: string[][]; questions: StoryQuestion[] }[] = [];
  let places = new Map<number, number>(); // sentence of each line
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [, number, words = '', answer, supports = ''] = LINE.exec(line) ?? [];
    if (number === undefined) throw new RangeError(`readBabi: line ${i + 1} must begin with its number, got ${line.slice(0, 40)}`);
    if (number === '1') {
      stories.push({ sentences: [], questions: [] });
      places = new Map();
    }
    const story = stories.at(-1);
    if (!story) throw new RangeError(`readBabi: the first line must be number 1, got ${number}`);
    if (answer === undefined) {
      places.set(Number(number), story.sentences.length);
      story.sentences.push(wordsOf(words));
      continue;
    }
    const found = supports
      .split(' ')
      .filter(Boolean)
      .map((own) => places.get(Number(own)));
    if (found.includes(undefined))
      throw new RangeError(`readBabi: supports must be sentences of the story, got ${supports} in line ${i + 1}`);
    story.questions.push({
      after: story.sentences.length,
      words: wordsOf(words),
      answer: answer.trim().toLowerCase(),
      supports: found as number[],
    });
  }
  return stories;
}
