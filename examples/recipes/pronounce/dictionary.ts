import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fnv1a } from 'saccade/data';
import { add, cmudict, type Dictionary, type Entry } from './cmudict.ts';

export type { Dictionary, Entry };

/** Words of the split G2P papers hold out of g014b2b's training part for development. */
const HELD_OUT = 2670;

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
