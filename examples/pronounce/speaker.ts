import { AttentionSeq2Seq, type ErrorRates, errorRates, key, padBatch, Seq2Seq, scope, type TranslateOptions, Vocabulary } from 'saccade';
import type { Entry } from './dictionary.ts';

/** What makes a model what it is; kept in its file. */
export interface Shape {
  attention: boolean;
  hidden: number;
  embedding: number;
  layers: number;
  dropout: number;
  letters: readonly string[];
  phones: readonly string[];
}

/** A pronounced word. */
export interface Spoken {
  word: string;
  phones: string[];
  /** Phones × letters, where the model has attention. */
  weights: number[][] | null;
}

const END = 2;

/** A model with its two alphabets: letters in, phones out. */
export class Speaker {
  readonly shape: Shape;
  readonly letters: Vocabulary;
  readonly phones: Vocabulary;
  readonly model: AttentionSeq2Seq | Seq2Seq;

  constructor(shape: Shape) {
    this.shape = shape;
    this.letters = new Vocabulary(shape.letters);
    this.phones = new Vocabulary(shape.phones);
    const options = { ...shape, source: this.letters.size, target: this.phones.size };
    this.model = shape.attention ? new AttentionSeq2Seq(options, key(1)) : new Seq2Seq(options, key(1));
  }

  encode(word: string): number[] {
    return this.letters.encode(word);
  }

  /** Phones as numbers, with the end. */
  encodePhones(phones: readonly string[]): number[] {
    return [...this.phones.encode(phones), END];
  }

  /** Pronounces words together, in batches of words of like length. */
  say(words: readonly string[], options: TranslateOptions = {}): Spoken[] {
    const spoken = new Map<string, Spoken>();
    const order = [...new Set(words)].sort((a, b) => a.length - b.length);
    for (let at = 0; at < order.length; at += 64) {
      const some = order.slice(at, at + 64);
      scope(() => {
        const { tokens } = padBatch(some.map((word) => this.encode(word)));
        for (const [i, [best]] of this.model.translate(tokens, options).hypotheses.entries()) {
          const word = some[i] as string;
          const rows = best?.trace.map((row) => Array.from(row.subarray(0, word.length))) ?? [];
          spoken.set(word, { word, phones: this.phones.decode(best?.tokens ?? []), weights: this.shape.attention ? rows : null });
        }
      });
    }
    return words.map((word) => spoken.get(word) as Spoken);
  }

  /** Phone and word error rate, against the closest of each word's pronunciations. */
  rate(entries: readonly Entry[], options: TranslateOptions = {}): ErrorRates {
    const spoken = this.say(
      entries.map(({ word }) => word),
      options,
    );
    return errorRates(
      spoken.map(({ phones }) => phones),
      entries.map(({ pronunciations }) => pronunciations),
    );
  }
}
