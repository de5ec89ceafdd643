// The list of @saccade/pronounce: frequent words that its model says otherwise than the dictionary.
import { cmudict, type Entry } from '../../shared/pronunciation/cmudict.ts';
import type { Speaker } from '../../shared/pronunciation/speaker.ts';

/** Of the words of Wikipedia, commonest first, so many are looked at. */
const COMMON = 50_000;

/** The `-'s` of so many are looked at, too: `it's`, `that's`. */
const VERY_COMMON = 1000;

/** The beam of @saccade/pronounce. */
const BEAM = 4;

/** What was found of the words that are among the so many commonest. */
export interface Found {
  among: number;
  /** How many of them the dictionary has. */
  listed: number;
  /** Said in none of the dictionary's ways. */
  wrong: number;
  /** Not said as the dictionary says first. */
  excepted: number;
}

/** The words of the English Wikipedia of 2021 by their frequency, from npm: it is asked for by name, since nothing else here needs it. */
async function popular(): Promise<string[]> {
  try {
    const { words } = await import('popular-english-words');
    return words.getAll();
  } catch (error) {
    throw new Error(
      'pronounce: the commonest words are in npm popular-english-words; run npm install --no-save popular-english-words@1.0.2',
      {
        cause: error,
      },
    );
  }
}

/** Frequent words that the dictionary has, each with its entry, commonest first; behind them words with apostrophes, whose frequency is not known. */
export function candidates(order: readonly string[], dictionary: ReadonlyMap<string, Entry>): { entry: Entry; rank: number }[] {
  const ranks = new Map(order.slice(0, COMMON).map((word, rank) => [word, rank]));
  const veryCommon = new Set(order.slice(0, VERY_COMMON));
  const isContraction = (word: string) =>
    word.endsWith("'s") ? veryCommon.has(word.slice(0, -2)) : word.includes("'") && !word.endsWith("s'");
  return Array.from(dictionary.values(), (entry) => ({ entry, rank: ranks.get(entry.word) ?? Number.POSITIVE_INFINITY }))
    .filter(({ entry, rank }) => rank < COMMON || isContraction(entry.word))
    .sort((a, b) => a.rank - b.rank || (a.entry.word < b.entry.word ? -1 : 1));
}

/** The lines of the list, sorted, and what was found on the way. */
export async function exceptionsOf(speaker: Speaker): Promise<{ lines: string; found: Found[] }> {
  const { train, dev, test } = await cmudict({ stress: true });
  const dictionary = new Map([...train, ...dev, ...test].map((entry) => [entry.word, entry]));
  const asked = candidates(await popular(), dictionary);
  const said = speaker.say(asked.map(({ entry }) => entry.word), { beam: BEAM, minLength: 1 }); // biome-ignore format: one call
  const heard = asked.map(({ entry, rank }, i) => {
    const ways = entry.pronunciations.map((phones) => phones.join(' '));
    return { word: entry.word, rank, ways, place: ways.indexOf((said[i]?.phones ?? []).join(' ')) };
  });
  const lines = heard.filter(({ place }) => place !== 0).map(({ word, ways }) => `${word} ${ways.join(', ')}\n`);
  const found = [100, 1000, 10_000, COMMON].map((among) => {
    const some = heard.filter(({ rank }) => rank < among);
    const count = (holds: (place: number) => boolean) => some.filter(({ place }) => holds(place)).length;
    return { among, listed: some.length, wrong: count((place) => place < 0), excepted: count((place) => place !== 0) };
  });
  return { lines: lines.sort().join(''), found };
}
