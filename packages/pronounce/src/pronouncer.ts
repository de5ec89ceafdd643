import { exp, infer, init, padBatch, tensor } from 'saccade';
import type { Hypothesis } from 'saccade/decode';
import { ipaOf } from './ipa.ts';
import { type Lexicon, listed } from './lexicon.ts';
import { expectOptions, isObject, isSize } from './options.ts';
import { partsOf } from './spelling.ts';
import { type Speller, spellerOf } from './weights.ts';

/** One way to say a word. */
export interface Candidate {
  /** In ARPAbet; vowels end in their stress, 0 none, 1 primary, 2 secondary. */
  readonly phones: readonly string[];
  /** The same in the International Phonetic Alphabet. */
  readonly ipa: string;
  /** How sure the model is of all of it; 1 from the lexicon. */
  readonly probability: number;
}

/** How a word is said. */
export interface Pronunciation extends Candidate {
  readonly word: string;
  /** Who said it; of a word with hyphens the model, if it said a part. */
  readonly from: 'lexicon' | 'model';
  /** The best ways to say it, best first. */
  readonly nBest: readonly Candidate[];
  /** The letters that were read. */
  readonly letters: readonly string[];
  /** For each phone, how much the model looked at each letter; `null` if a lexicon said a part. */
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
  /** Speaks first; the model says what it does not have. */
  lexicon?: Lexicon | undefined;
}

/** A part of a word, and the ways to say it. */
interface Part {
  readonly from: 'lexicon' | 'model';
  readonly ways: readonly Pick<Candidate, 'phones' | 'probability'>[];
  readonly letters: readonly string[];
  readonly rows: readonly Float32Array[] | null;
}

const rules = { lexicon: isObject };
const saying = { nBest: isSize, beam: isSize };

/** The model, read once. */
let reading: Promise<Speller> | undefined;

/** Reads the weights at the first call: a module of their own, which comes with the import in whatever loads modules, and needs no path and no `fetch`. */
async function speller(): Promise<Speller> {
  await init();
  reading ??= import('./generated/weights.ts').then(({ weights }) => spellerOf(weights));
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

  private constructor(by: Speller, { lexicon }: PronouncerOptions) {
    this.speller = by;
    this.lexicon = lexicon;
  }

  /** Loads the kernels of `saccade`, unless `init` has, and the weights that are in this package. */
  static async load(options: PronouncerOptions = {}): Promise<Pronouncer> {
    expectOptions(options, rules);
    return new Pronouncer(await speller(), options);
  }

  /**
   * How a word is said. Capitals and accents make no difference, parts between hyphens are said one by one. Throws a RangeError that says what it cannot read:
   * other letters, numbers, spaces, more than 100 letters.
   */
  pronounce(word: string, options: SayOptions = {}): Pronunciation {
    expectOptions(options, saying);
    const { nBest = 1, beam = Math.max(4, nBest) } = options;
    const names = partsOf(word);
    const whole = listed(this.lexicon, word.trim().toLowerCase());
    const parts = whole.length > 0 ? [known(word, whole)] : names.map((name) => this.part(name, { beam: Math.max(beam, nBest), nBest }));
    const ways = parts.map(({ ways }) => ways).reduce((heads, tails) => joined(heads, tails, nBest));
    const best = ways.slice(0, nBest).map((way): Candidate => ({ ...way, ipa: ipaOf(way.phones) }));
    const from = parts.every((part) => part.from === 'lexicon') ? 'lexicon' : 'model';
    return {
      word,
      ...(best[0] as Candidate),
      from,
      nBest: best,
      letters: parts.flatMap(({ letters }) => letters),
      alignment: aligned(parts),
    };
  }

  private part(name: string, options: { beam: number; nBest: number }): Part {
    const found = listed(this.lexicon, name);
    return found.length > 0 ? known(name, found) : this.guessed(name, options);
  }

  private guessed(name: string, options: { beam: number; nBest: number }): Part {
    const { model, letters, phones } = this.speller;
    return infer(() => {
      const { tokens } = padBatch([letters.encode(name)]);
      const [found = []] = model.translate(tokens, { ...options, minLength: 1 }).hypotheses;
      const probabilities = exp(tensor(found.map(({ logProbability }) => logProbability))).toArray();
      const ways = found.map(({ tokens: said }, i) => ({ phones: phones.decode(said), probability: probabilities[i] as number }));
      const [{ trace, tokens: said }] = found as [Hypothesis];
      return { from: 'model', ways, letters: [...name], rows: trace.slice(0, said.length) };
    });
  }
}

const known = (word: string, ways: readonly string[][]): Part => ({
  from: 'lexicon',
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
export async function pronounce(word: string, { lexicon, ...options }: SayOptions & PronouncerOptions = {}): Promise<Pronunciation> {
  const speaker = await Pronouncer.load({ lexicon });
  return speaker.pronounce(word, options);
}
