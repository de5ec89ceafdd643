import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fnv1a } from 'saccade/data';
import { add, cmudict, type Dictionary, type Entry } from './cmudict.ts';

export type { Dictionary, Entry };

/** Number of words that G2P papers hold out of g014b2b's training part for development; the same number again is reported. */
const HELD_OUT = 2670;

/**
 * The training part of the standard G2P split (`g014b2b.train`: `WORD<TAB>PHONES` per line, without stress); its test part is reserved for
 * final figures. The 2,670 words with the smallest hashes are the development part, on which settings are chosen. The next 2,670 are
 * reported, and no setting was ever chosen on them.
 */
async function g014b2b(folder: string): Promise<Dictionary> {
  const path = join(folder, 'g014b2b.train');
  if (!existsSync(path)) throw new Error(`--data: the folder must hold g014b2b.train, got ${folder}`);
  const entries = new Map<string, Entry>();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const [word, phones] = line.split('\t');
    if (word && phones) add(entries, word.toLowerCase(), phones.trim().split(' '));
  }
  const order = [...entries.keys()].sort((a, b) => fnv1a(a) - fnv1a(b));
  const place = new Map(order.slice(0, 2 * HELD_OUT).map((word, i) => [word, i]));
  const parts: Record<'train' | 'dev' | 'test', Entry[]> = { train: [], dev: [], test: [] };
  for (const entry of entries.values()) {
    const i = place.get(entry.word);
    parts[i === undefined ? 'train' : i < HELD_OUT ? 'dev' : 'test'].push(entry);
  }
  return { name: 'g014b2b', ...parts };
}

/** Whichever of the two is available. */
export function dictionaryOf(folder: string | undefined): Promise<Dictionary> {
  return folder === undefined ? cmudict() : g014b2b(folder);
}
