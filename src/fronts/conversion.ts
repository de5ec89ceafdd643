import type { Hypothesis } from '../decode/decoder.ts';
import { exp } from '../ops/index.ts';
import { tensor } from '../tensor/create.ts';
import { type Alphabet, type ReadSource, symbolsOf } from './alphabet.ts';

/** What a string may become. */
export interface Candidate {
  /** The target string. */
  readonly text: string;
  /** The probability of the whole string; 1 from the lexicon. */
  readonly probability: number;
  /** `ln` of it, by which they are ranked. */
  readonly score: number;
}

/** What a string becomes. */
export interface Conversion extends Candidate {
  /** Who said it. */
  readonly from: 'lexicon' | 'model';
  /** The best strings, best first. */
  readonly nBest: readonly Candidate[];
  /** The characters of `text` (code points of its NFC form): the rows of `alignment`. */
  readonly symbols: readonly string[];
  /** The characters of the source: the columns of `alignment`. */
  readonly source: readonly string[];
  /** For each of its characters, how much it looked at each of the source's; `null` from the lexicon. */
  readonly alignment: readonly Float32Array[] | null;
}

/** What a lexicon says of a text, the first of its targets best. */
export function conversionFrom(text: string, targets: readonly [string, ...string[]]): Conversion {
  const nBest = targets.map((target) => ({ text: target, probability: 1, score: 0 }));
  const [best] = targets;
  return {
    text: best,
    probability: 1,
    score: 0,
    from: 'lexicon',
    nBest,
    symbols: symbolsOf(best),
    source: symbolsOf(text),
    alignment: null,
  };
}

/** What a search found for a source. */
export function conversionOf(found: readonly Hypothesis[], source: ReadSource, alphabet: Alphabet): Conversion {
  const probabilities = exp(tensor(found.map(({ logProbability }) => logProbability))).toArray();
  const nBest = found.map(({ tokens, logProbability }, i) => ({
    text: alphabet.write(tokens, source).join(''),
    probability: probabilities[i] as number,
    score: logProbability,
  }));
  const [best, chosen] = [nBest[0] as Candidate, found[0] as Hypothesis];
  const alignment = chosen.trace.slice(0, chosen.tokens.length).map((row) => row.slice(0, source.tokens.length));
  return { ...best, from: 'model', nBest, symbols: alphabet.write(chosen.tokens, source), source: source.symbols, alignment };
}
