import { Vocabulary } from '../data/vocabulary.ts';
import { isOneOf, isSize } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { eachInTurns } from './turns.ts';

/** The pieces of a text that a model looks at. */
export type Unit = 'words' | 'characters';

/** A piece of a text, and where it stands in the text's NFC form. */
export interface TextPiece {
  /** The word or character itself. */
  readonly text: string;
  /** UTF-16 place of its first unit. */
  readonly start: number;
  /** UTF-16 place behind its last unit: `text.normalize('NFC').slice(start, end)`. */
  readonly end: number;
}

/** A text as a model reads it. */
export interface ReadText {
  /** The pieces, at most as many as the reader's length. */
  readonly pieces: readonly TextPiece[];
  /** The symbols of each piece. */
  readonly symbols: readonly (readonly number[])[];
}

/** What a reader is made of. */
export interface TextReaderParts {
  /** What texts are cut into. */
  unit: Unit;
  /** The symbols: words and their runs of letters, or characters and their neighbours. 0 is none, 1 unknown. */
  vocabulary: Vocabulary;
  /** Pieces of a text that are read. */
  length: number;
}

/** What of a reader is given, and what aborts the reading. */
interface Reading {
  unit?: Unit | undefined;
  length?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Symbols at most, and of one word. */
const MOST = { symbols: 20_000, ofWord: 24, pieces: 256 };

/** A text's words, and its signs one by one; or its characters. */
function piecesOf(text: string, unit: Unit): TextPiece[] {
  const pattern = unit === 'words' ? /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*|[^\s\p{L}\p{M}\p{N}]/gu : /[\s\S]/gu;
  return Array.from(text.matchAll(pattern), ({ 0: piece, index }) => ({ text: piece, start: index, end: index + piece.length }));
}

/** A word in small letters, and the runs of 3 and 4 of its letters between `<` and `>` (Bojanowski et al. 2017, §3.2). */
function symbolsOfWord(word: string): string[] {
  const small = word.toLowerCase();
  const letters = ['<', ...small, '>'];
  const runs = [3, 4].flatMap((n) => letters.slice(n - 1).map((_, i) => `#${letters.slice(i, i + n).join('')}`));
  return [small, ...new Set(runs)].slice(0, MOST.ofWord);
}

/** Words that are remembered with what was made of them. */
const REMEMBERED = 20_000;

/** A function of words that remembers what it made of the last ones: most words of most texts are the same few. */
function remembering<T>(make: (word: string) => T): (word: string) => T {
  const made = new Map<string, T>();
  return (word) => {
    const known = made.get(word);
    if (known !== undefined) return known;
    if (made.size >= REMEMBERED) made.clear();
    const own = make(word);
    made.set(word, own);
    return own;
  };
}

/** A character, with the one before it, and with both neighbours. */
const symbolsOfCharacter = (pieces: readonly TextPiece[], i: number): string[] => {
  const at = (j: number) => pieces[j]?.text ?? (j < 0 ? '<' : '>');
  return [at(i), `#${at(i - 1)}${at(i)}`, `#${at(i - 1)}${at(i)}${at(i + 1)}`];
};

/** The symbols that two of these texts have, the commonest first, and the pieces of the longest text. */
async function symbolsIn(texts: readonly string[], unit: Unit, signal?: AbortSignal): Promise<{ common: string[]; longest: number }> {
  const counts = new Map<string, number>();
  const ofWord = remembering(symbolsOfWord);
  const lengths = await eachInTurns(
    texts,
    (text) => {
      const pieces = piecesOf(text.normalize('NFC'), unit);
      const seen = new Set<string>();
      pieces.forEach((piece, i) => {
        for (const symbol of unit === 'words' ? ofWord(piece.text) : symbolsOfCharacter(pieces, i)) seen.add(symbol);
      });
      for (const symbol of seen) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
      return pieces.length;
    },
    signal,
  );
  const common = [...counts].filter(([, count]) => count > 1).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return { common: common.map(([symbol]) => symbol), longest: lengths.reduce((most, length) => Math.max(most, length), 1) };
}

/** How texts become symbols: several of each word or character, so that what was never seen is like what was. */
export class TextReader {
  /** What texts are cut into. */
  readonly unit: Unit;
  /** The symbols; 0 is none, 1 unknown. */
  readonly vocabulary: Vocabulary;
  /** Pieces of a text that are read; what is behind them is not. */
  readonly length: number;
  private readonly ofWord = remembering((word) => this.numbersOf(symbolsOfWord(word)));

  constructor(op: string, { unit, vocabulary, length }: TextReaderParts) {
    isOneOf('words', 'characters')(op, 'unit', unit);
    isSize(op, 'length', length);
    this.unit = unit;
    this.vocabulary = vocabulary;
    this.length = length;
  }

  /** Words where the median text has 4 of them, else characters. */
  private static async unitFor(texts: readonly string[], signal?: AbortSignal): Promise<Unit> {
    const counts = await eachInTurns(texts, (text) => text.split(/\s+/u).filter(Boolean).length, signal);
    counts.sort((a, b) => a - b);
    return (counts[counts.length >> 1] ?? 0) >= 4 ? 'words' : 'characters';
  }

  /** A reader of the symbols that two of these texts have, at most the 20,000 commonest. It reads them in turns with others. */
  static async from(op: string, texts: readonly string[], given: Reading): Promise<TextReader> {
    const unit = given.unit ?? (await TextReader.unitFor(texts, given.signal));
    const { common, longest } = await symbolsIn(texts, unit, given.signal);
    const vocabulary = new Vocabulary(common.slice(0, MOST.symbols), { specials: ['<pad>', '<unk>'] });
    return new TextReader(op, { unit, vocabulary, length: given.length ?? Math.min(longest, MOST.pieces) });
  }

  /** A reader that also knows the symbols that two of these texts have, behind its own, as long as they are 20,000 at most; itself if there are none. */
  async grown(texts: readonly string[], signal?: AbortSignal): Promise<TextReader> {
    const { specials, symbols } = this.vocabulary;
    const own = symbols.slice(specials.length);
    const { common } = await symbolsIn(texts, this.unit, signal);
    const added = common.filter((symbol) => !this.vocabulary.has(symbol));
    const fitting = added.slice(0, Math.max(0, MOST.symbols - own.length));
    if (fitting.length === 0) return this;
    return new TextReader('TextReader', {
      unit: this.unit,
      length: this.length,
      vocabulary: new Vocabulary([...own, ...fitting], { specials }),
    });
  }

  /** Reads one text. A piece of which nothing is known has one symbol, that of the unknown. */
  read(text: string): ReadText {
    const all = piecesOf(text.normalize('NFC'), this.unit);
    const pieces = all.slice(0, this.length);
    const symbols = pieces.map((piece, i) =>
      this.unit === 'words' ? this.ofWord(piece.text) : this.numbersOf(symbolsOfCharacter(all, i)),
    );
    return { pieces, symbols };
  }

  /** The numbers of the symbols that it knows, or that of the unknown. */
  private numbersOf(symbols: readonly string[]): number[] {
    const known = symbols.filter((symbol) => this.vocabulary.has(symbol));
    return known.length > 0 ? this.vocabulary.encode(known) : [UNKNOWN];
  }
}

/** The symbol of a piece of which nothing is known. */
const UNKNOWN = 1;

/** Texts side by side: symbols int32 `[B, T, N]`, 0 where there is none, the share of each `[B, T, 1]`, and the mask bool `[B, T]` of real pieces. */
export function textBatch(texts: readonly Pick<ReadText, 'symbols'>[]): { symbols: Tensor; share: Tensor; mask: Tensor } {
  const length = texts.reduce((most, { symbols }) => Math.max(most, symbols.length), 1);
  const widest = texts.reduce((most, text) => text.symbols.reduce((m, own) => Math.max(m, own.length), most), 1);
  const made = {
    symbols: full([texts.length, length, widest], 0, 'int32'),
    share: full([texts.length, length, 1], 1),
    mask: full([texts.length, length], false, 'bool'),
  };
  const [symbols, share, mask] = [made.symbols.view(), made.share.view(), made.mask.view()];
  texts.forEach((text, b) => {
    text.symbols.forEach((own, t) => {
      symbols.set(own, (b * length + t) * widest);
      share[b * length + t] = 1 / own.length;
      mask[b * length + t] = 1;
    });
  });
  return made;
}
