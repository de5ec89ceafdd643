import { ipaOf } from './ipa.ts';

/**
 * Words and their phones, `{ cat: 'K AE1 T' }`, or a Map of that: what npm `cmu-pronouncing-dictionary` exports can be given as it is. Words are in small letters;
 * `read(2)` is another pronunciation of `read`, and what follows a `#` is a comment.
 */
export type Lexicon = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/** The pronunciations that a lexicon has of a word, first to last. */
export function listed(lexicon: Lexicon | undefined, word: string): string[][] {
  const found: string[][] = [];
  for (let line = lineOf(lexicon, word); line !== undefined; line = lineOf(lexicon, `${word}(${found.length + 1})`)) {
    if (typeof line !== 'string') throw new TypeError(`pronounce: lexicon must have phones as a string, got ${String(line)} of ${word}`);
    const phones = line.replace(/#.*/, '').trim().split(/\s+/);
    try {
      ipaOf(phones);
    } catch {
      throw new RangeError(`pronounce: lexicon must have phones of ARPAbet, got ${JSON.stringify(line)} of ${word}`);
    }
    found.push(phones);
  }
  return found;
}

function lineOf(lexicon: Lexicon | undefined, word: string): unknown {
  if (lexicon === undefined) return undefined;
  if (lexicon instanceof Map) return lexicon.get(word);
  return Object.hasOwn(lexicon, word) ? (lexicon as Record<string, string>)[word] : undefined;
}
