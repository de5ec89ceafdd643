import { exp, infer, init, padBatch, tensor } from 'saccade';
import type { Hypothesis } from 'saccade/decode';
import { excepted } from './exceptions.ts';
import { ipaOf } from './ipa.ts';
import { type Lexicon, listed } from './lexicon.ts';
import { expectOptions, isBoolean, isObject, isSize } from './options.ts';
import { withPossessives } from './possessive.ts';
import { isLetterA, partsOf, plainOf } from './spelling.ts';
import { type Speller, spellerOf } from './weights.ts';

/** One way to say a word. */
export interface Candidate {
  /** In ARPAbet; vowels end in their stress, 0 none, 1 primary, 2 secondary. */
  readonly phones: readonly string[];
  /** The same in the International Phonetic Alphabet. */
  readonly ipa: string;
  /** How sure the model is of all of it; 1 from the lexicon and from the exceptions. */
  readonly probability: number;
}

/**
 * Who says a word: the lexicon that the caller gave; the list of frequent words that the model says otherwise than the dictionary, which is in the package; or the
 * model.
 */
export type Origin = 'lexicon' | 'exceptions' | 'model';

/** How a word is said. */
export interface Pronunciation extends Candidate {
  readonly word: string;
  /** Who said it; of a word with hyphens the model if it said a part, else the exceptions if they did. */
  readonly from: Origin;
  /** The best ways to say it, best first. */
  readonly nBest: readonly Candidate[];
  /** The letters that were read. */
  readonly letters: readonly string[];
  /** For each phone, how much the model looked at each letter; `null` if it did not say all of it. */
  readonly alignment: readonly Float32Array[] | null;
}

/** Options of {@link Pronouncer.pronounce}. */
export interface SayOptions {
  /** Ways to say it that are given, at most. Default 1. */
  nBest?: number | undefined;
  /** Ways that are followed while searching. Default 4, or `nBest` if that is more. */
  beam?: number | undefined;
}

/** Options of a {@link Pronouncer}. */
export interface PronouncerOptions {
  /** Speaks first. */
  lexicon?: Lexicon | undefined;
  /** Whether the package's own list speaks next, before the model. Default true. */
  exceptions?: boolean | undefined;
}

/** A part of a word, and the ways to say it. */
interface Part {
  readonly from: Origin;
  readonly ways: readonly Pick<Candidate, 'phones' | 'probability'>[];
  readonly letters: readonly string[];
  readonly rows: readonly Float32Array[] | null;
}

const rules = { lexicon: isObject, exceptions: isBoolean };
const saying = { nBest: isSize, beam: isSize };

/** What the package has inside. */
interface Inside {
  readonly speller: Speller;
  /** The list of exceptions. */
  readonly lines: string;
}

/** It, read once. */
let reading: Promise<Inside> | undefined;

/** Reads at the first call: modules of their own, which come with the import in whatever loads modules, and need no path and no `fetch`. */
async function inside(): Promise<Inside> {
  await init();
  reading ??= Promise.all([import('./generated/weights.ts'), import('./generated/exceptions.ts')]).then(
    ([{ weights }, { exceptions }]) => ({
      speller: spellerOf(weights),
      lines: exceptions,
    }),
  );
  try {
    return await reading;
  } catch (error) {
    reading = undefined; // it may be there at the next call
    throw error;
  }
}

/** Says English words: `const speaker = await Pronouncer.load()`, and from then on `speaker.pronounce('saccade')` at once. */
export class Pronouncer {
  private readonly speller: Speller;
  private readonly lexicon: Lexicon | undefined;
  /** The package's own list, unless it is not to speak. */
  private readonly lines: string;

  private constructor({ speller, lines }: Inside, { lexicon, exceptions = true }: PronouncerOptions) {
    this.speller = speller;
    this.lexicon = lexicon;
    this.lines = exceptions ? lines : '';
  }

  /** Loads the kernels of `saccade`, unless `init` has, and the weights and exceptions that are in this package. */
  static async load(options: PronouncerOptions = {}): Promise<Pronouncer> {
    expectOptions(options, rules);
    return new Pronouncer(await inside(), options);
  }

  /**
   * How a word is said. Capitals, accents and the marks of a sentence around it make no difference, parts between hyphens are said one by one. Throws a RangeError that says what it cannot read:
   * other letters, numbers, spaces, more than 100 letters.
   */
  pronounce(word: string, options: SayOptions = {}): Pronunciation {
    expectOptions(options, saying);
    const { nBest = 1, beam = Math.max(4, nBest) } = options;
    const names = partsOf(word);
    const whole = this.own(word);
    const search = { beam: Math.max(beam, nBest), nBest };
    const parts = whole.length > 0 ? [known('lexicon', word, whole)] : names.map((_, i) => this.part(names, i, search));
    const ways = parts.map(({ ways }) => ways).reduce((heads, tails) => joined(heads, tails, nBest));
    const best = ways.slice(0, nBest).map((way): Candidate => ({ ...way, ipa: ipaOf(way.phones) }));
    const from = origins.findLast((origin) => parts.some((part) => part.from === origin)) as Origin;
    return {
      word,
      ...(best[0] as Candidate),
      from,
      nBest: best,
      letters: parts.flatMap(({ letters }) => letters),
      alignment: aligned(parts),
    };
  }

  /** What the caller's lexicon has of a word as it is typed, or in plain letters. */
  private own(word: string): string[][] {
    const found = listed(this.lexicon, word.trim().toLowerCase());
    return found.length > 0 ? found : withPossessives((plain) => listed(this.lexicon, plain), plainOf(word));
  }

  private part(names: readonly string[], i: number, search: { beam: number; nBest: number }): Part {
    const name = names[i] as string;
    const own = this.own(name);
    if (own.length > 0) return known('lexicon', name, own);
    const found = this.lines && isLetterA(names, i) ? [['EY1']] : withPossessives((word) => excepted(this.lines, word), name);
    return found.length > 0 ? known('exceptions', name, found) : this.guessed(name, search);
  }

  private guessed(name: string, options: { beam: number; nBest: number }): Part {
    const { model, letters, phones } = this.speller;
    return infer(() => {
      const { tokens } = padBatch([letters.encode(name)]);
      const [found = []] = model.translate(tokens, { ...options, minLength: fewestPhones(name.length) }).hypotheses;
      const probabilities = exp(tensor(found.map(({ logProbability }) => logProbability))).toArray();
      const ways = found.map(({ tokens: said }, i) => ({ phones: phones.decode(said), probability: probabilities[i] as number }));
      const [{ trace, tokens: said }] = found as [Hypothesis];
      return { from: 'model', ways, letters: [...name], rows: trace.slice(0, said.length) };
    });
  }
}

/** Of the 324 words of 16 letters and more in the CMU Pronouncing Dictionary none has fewer phones than half its letters; a beam finds ways that leave most of a longer one out. */
const fewestPhones = (letters: number) => (letters < 16 ? 1 : Math.ceil(letters / 2));

/** In the order in which they are asked. */
const origins: readonly Origin[] = ['lexicon', 'exceptions', 'model'];

const known = (from: Origin, word: string, ways: readonly string[][]): Part => ({
  from,
  ways: ways.map((phones) => ({ phones, probability: 1 })),
  letters: [...word],
  rows: null,
});

/** The best ways to say one after the other. */
function joined(heads: Part['ways'], tails: Part['ways'], most: number): Part['ways'] {
  const all = heads.flatMap((head) =>
    tails.map((tail) => ({ phones: [...head.phones, ...tail.phones], probability: head.probability * tail.probability })),
  );
  return all.sort((a, b) => b.probability - a.probability).slice(0, most);
}

/** The rows of all parts, over the letters of all. */
function aligned(parts: readonly Part[]): Float32Array[] | null {
  const width = parts.reduce((sum, { letters }) => sum + letters.length, 0);
  const all: Float32Array[] = [];
  let at = 0;
  for (const { rows, letters } of parts) {
    if (!rows) return null;
    for (const row of rows) {
      const wide = new Float32Array(width);
      wide.set(row.subarray(0, letters.length), at);
      all.push(wide);
    }
    at += letters.length;
  }
  return all;
}

/**
 * How an English word is said: `(await pronounce('saccade')).ipa`. The first call loads the kernels and the weights; see {@link Pronouncer} for calls that need no
 * waiting.
 */
export async function pronounce(
  word: string,
  { lexicon, exceptions, ...options }: SayOptions & PronouncerOptions = {},
): Promise<Pronunciation> {
  const speaker = await Pronouncer.load({ lexicon, exceptions });
  return speaker.pronounce(word, options);
}
