import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fnv1a, hashSplit } from 'saccade';

/** A word and its listed pronunciations, each a list of phones. */
export interface Entry {
  word: string;
  pronunciations: string[][];
}

/** Words to learn from, to choose by, and to report on. No word is in two of them. */
export interface Dictionary {
  name: string;
  train: Entry[];
  dev: Entry[];
  test: Entry[];
}

/** Words of the split G2P papers hold out of g014b2b's training part for development. */
const HELD_OUT = 2670;

const ordinary = /^[a-z']+$/;

/** Adds a pronunciation to the entry of its word. */
function add(entries: Map<string, Entry>, word: string, phones: string[]): void {
  const entry = entries.get(word) ?? { word, pronunciations: [] };
  if (!entry.pronunciations.some((known) => known.join(' ') === phones.join(' '))) entry.pronunciations.push(phones);
  entries.set(word, entry);
}

/**
 * The CMU Pronouncing Dictionary as npm has it: words of letters and apostrophes, stress removed, variants `word(2)` joined. A word's
 * part is decided by its hash: 90 % train, 5 % development, 5 % test.
 */
async function cmudict(): Promise<Dictionary> {
  const { dictionary } = await import('cmu-pronouncing-dictionary');
  const entries = new Map<string, Entry>();
  for (const [name, phones] of Object.entries(dictionary)) {
    const word = name.replace(/\(\d+\)$/, '');
    if (ordinary.test(word)) add(entries, word, phones.replace(/\d/g, '').split(' '));
  }
  const parts: [Entry[], Entry[], Entry[]] = [[], [], []];
  for (const entry of entries.values()) parts[hashSplit(entry.word, [0.9, 0.05, 0.05])]?.push(entry);
  const [train, dev, test] = parts;
  return { name: 'cmudict', train, dev, test };
}

/**
 * The standard G2P split's training part (`g014b2b.train`: `WORD<TAB>PHONES` a line, stress removed already). 2,670 words of it are held
 * out, those with the smallest hashes; they are what is reported on too, since its test part is kept for final figures.
 */
async function g014b2b(folder: string): Promise<Dictionary> {
  const path = join(folder, 'g014b2b.train');
  if (!existsSync(path)) throw new Error(`--data: the folder must hold g014b2b.train, got ${folder}`);
  const entries = new Map<string, Entry>();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const [word, phones] = line.split('\t');
    if (word && phones) add(entries, word.toLowerCase(), phones.trim().split(' '));
  }
  const held = new Set([...entries.keys()].sort((a, b) => fnv1a(a) - fnv1a(b)).slice(0, HELD_OUT));
  const all = [...entries.values()];
  const dev = all.filter(({ word }) => held.has(word));
  return { name: 'g014b2b', train: all.filter(({ word }) => !held.has(word)), dev, test: dev };
}

/** One or the other. */
export function dictionaryOf(folder: string | undefined): Promise<Dictionary> {
  return folder === undefined ? cmudict() : g014b2b(folder);
}
