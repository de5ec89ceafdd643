// What every generator of stories uses: draws in turn, and a story in the course of being told.

import { type Key, randomInt } from '../../tensor/random.ts';
import type { Story, StoryQuestion } from './story.ts';

/** Draws one after the other from a key. */
export class Dice {
  private readonly key: Key;
  private count = 0;

  constructor(key: Key) {
    this.key = key;
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return randomInt(this.key, this.count++, bound);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('babiStories: a list to draw from must not be empty, got none');
    return list[this.below(list.length)] as T;
  }

  /** A list in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    for (let i = left.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [left[i], left[j]] = [left[j] as T, left[i] as T];
    }
    return left;
  }
}

/** A story being told. */
export class Teller {
  private readonly sentences: string[][] = [];
  private readonly questions: StoryQuestion[] = [];

  /** Adds a sentence and returns its place. */
  say(text: string): number {
    return this.sentences.push(text.split(' ')) - 1;
  }

  ask(text: string, answer: string, supports: readonly number[]): void {
    this.questions.push({ after: this.sentences.length, words: text.split(' '), answer, supports: [...supports] });
  }

  /** How many sentences have been told. */
  get told(): number {
    return this.sentences.length;
  }

  /** How many questions have been asked. */
  get asked(): number {
    return this.questions.length;
  }

  get story(): Story {
    return { sentences: this.sentences, questions: this.questions };
  }
}

/** Tells one story. */
export type Telling = (dice: Dice, teller: Teller) => void;

/** Rooms of a house. */
export const PLACES = ['bathroom', 'bedroom', 'garden', 'hallway', 'kitchen', 'office'] as const;
/** Ways to say that somebody moved. */
export const MOVES = ['journeyed to', 'moved to', 'travelled to', 'went back to', 'went to'] as const;

/** Another one of a list. */
export const other = <T>(dice: Dice, list: readonly T[], ...not: readonly (T | undefined)[]): T =>
  dice.pick(list.filter((one) => !not.includes(one)));
