import { Vocabulary } from '../data/vocabulary.ts';

/** Symbols beyond the vocabulary that one source may have. */
export const UNSEEN = 8;

/** The symbol that stands for what neither the vocabulary nor the source has. */
const UNKNOWN = 3;

/** A source as numbers, and its symbols beyond the vocabulary: number `size + i` is the i-th of them. */
export interface ReadSource {
  readonly symbols: readonly string[];
  readonly tokens: readonly number[];
  readonly unseen: readonly string[];
}

/** The characters of both sides of pairs: one vocabulary, so that the target can have what the source has. */
export class Alphabet {
  readonly vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** The characters that two of these pairs have, and those that a target has but not its source; others are copied, or unknown. */
  static from(pairs: readonly (readonly [string, string])[]): Alphabet {
    return new Alphabet(new Vocabulary(commonIn(pairs), { specials: ['<pad>', '<bos>', '<eos>', '<unk>'] }));
  }

  /** An alphabet that also has those of these pairs, behind its own; itself if there are none. */
  grown(pairs: readonly (readonly [string, string])[]): Alphabet {
    const { specials, symbols } = this.vocabulary;
    const added = commonIn(pairs).filter((symbol) => !this.vocabulary.has(symbol));
    return added.length === 0 ? this : new Alphabet(new Vocabulary([...symbols.slice(specials.length), ...added], { specials }));
  }

  readSource(text: string): ReadSource {
    const symbols = symbolsOf(text);
    const unseen = [...new Set(symbols.filter((symbol) => !this.vocabulary.has(symbol)))].slice(0, UNSEEN);
    return { symbols, tokens: symbols.map((symbol) => this.number(symbol, unseen)), unseen };
  }

  /** A target as numbers, with the end: symbols that only its source has are those of the source. */
  readTarget(text: string, { unseen }: ReadSource): number[] {
    return [...symbolsOf(text).map((symbol) => this.number(symbol, unseen)), 2];
  }

  /** Numbers that a model wrote, as symbols. The unknown is U+FFFD. */
  write(tokens: readonly number[], { unseen }: ReadSource): string[] {
    const { size, symbols } = this.vocabulary;
    return tokens.map((token) => (token === UNKNOWN ? '\uFFFD' : ((token < size ? symbols[token] : unseen[token - size]) ?? '\uFFFD')));
  }

  private number(symbol: string, unseen: readonly string[]): number {
    if (this.vocabulary.has(symbol)) return this.vocabulary.index(symbol);
    const place = unseen.indexOf(symbol);
    return place < 0 ? UNKNOWN : this.vocabulary.size + place;
  }
}

/** The characters that two of these pairs have, and those that could not be copied, sorted. */
function commonIn(pairs: readonly (readonly [string, string])[]): string[] {
  const counts = new Map<string, number>();
  for (const [source, target] of pairs) {
    const read = new Set(symbolsOf(source));
    const written = new Set(symbolsOf(target));
    for (const symbol of read) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    for (const symbol of written) if (!read.has(symbol)) counts.set(symbol, (counts.get(symbol) ?? 0) + 2);
  }
  return [...counts].flatMap(([symbol, count]) => (count > 1 ? [symbol] : [])).sort(); // biome-ignore format: one line
}

/** The characters of a text, composed. */
export const symbolsOf = (text: string): string[] => [...text.normalize('NFC')];
