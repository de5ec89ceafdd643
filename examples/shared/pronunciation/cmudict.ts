import { hashSplit } from 'saccade';

/** A word and its listed pronunciations, each a list of phones. */
export interface Entry {
  word: string;
  pronunciations: string[][];
}

/** Words to learn from, to choose settings by, and to report on. The three parts share no word. */
export interface Dictionary {
  name: string;
  train: Entry[];
  dev: Entry[];
  test: Entry[];
}

const ordinary = /^[a-z']+$/;

/** Adds a pronunciation to the entry of its word. */
export function add(entries: Map<string, Entry>, word: string, phones: string[]): void {
  const entry = entries.get(word) ?? { word, pronunciations: [] };
  if (!entry.pronunciations.some((known) => known.join(' ') === phones.join(' '))) entry.pronunciations.push(phones);
  entries.set(word, entry);
}

/** Phones without the stress of their vowels, `AH0` as `AH`. */
export const unstressed = (phones: readonly string[]): string[] => phones.map((phone) => phone.replace(/\d/, ''));

/** The phones of a dictionary line, without the comment at its end. */
export const phonesOf = (line: string): string[] => line.replace(/ *#.*/, '').split(' ');

/**
 * The CMU Pronouncing Dictionary from npm: words of letters and apostrophes; comments (`# place, danish`) are removed, stress unless it is asked for, and
 * variants `word(2)` joined. A hash of the word decides its part: 90 % train, 5 % development, 5 % test.
 */
export async function cmudict({ stress = false } = {}): Promise<Dictionary> {
  const { dictionary } = await import('cmu-pronouncing-dictionary');
  const entries = new Map<string, Entry>();
  for (const [name, phones] of Object.entries(dictionary)) {
    const word = name.replace(/\(\d+\)$/, '');
    if (ordinary.test(word)) add(entries, word, stress ? phonesOf(phones) : unstressed(phonesOf(phones)));
  }
  const parts: [Entry[], Entry[], Entry[]] = [[], [], []];
  for (const entry of entries.values()) parts[hashSplit(entry.word, [0.9, 0.05, 0.05])]?.push(entry);
  const [train, dev, test] = parts;
  return { name: 'cmudict', train, dev, test };
}
