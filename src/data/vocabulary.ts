import { expectOptions, firstWrong, isList, isText, maybe, shown } from '../tensor/check.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Options of a vocabulary. */
export interface VocabularyOptions {
  /** Symbols that come first and so have fixed numbers. Default: `<pad>` is 0, `<bos>` 1, `<eos>` 2. */
  specials?: readonly string[] | undefined;
  /** The special that replaces unknown symbols; it is added to the specials if need be. Without it an unknown symbol is an error. */
  unk?: string | undefined;
}

const ordinary: readonly string[] = ['<pad>', '<bos>', '<eos>'];

/** The specials, including `unk`. */
const specialsOf = ({ specials = ordinary, unk }: VocabularyOptions) =>
  unk === undefined || specials.includes(unk) ? [...specials] : [...specials, unk];

/** Symbols and their numbers: specials first, then the symbols in the order given. */
export class Vocabulary {
  /** Every symbol; its index is its number. */
  readonly symbols: readonly string[];
  readonly specials: readonly string[];
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly unk: string | undefined;
  private readonly unknown: number | undefined;

  constructor(symbols: Iterable<string>, options: VocabularyOptions = {}) {
    expectOptions('Vocabulary', options, { specials: maybe(isList), unk: maybe(isText) });
    if (!(Symbol.iterator in Object(symbols))) throw new TypeError(`Vocabulary: symbols must be a list, got ${shown(symbols)}`);
    this.specials = specialsOf(options);
    this.symbols = [...this.specials, ...symbols];
    const strange = firstWrong(this.symbols, (symbol) => typeof symbol === 'string');
    if (strange.length > 0) throw new TypeError(`Vocabulary: symbols must be strings, got ${shown(strange[0])}`);
    this.numbers = new Map(this.symbols.map((symbol, i) => [symbol, i]));
    if (this.numbers.size !== this.symbols.length) {
      const repeated = this.symbols.find((symbol, i) => this.symbols.indexOf(symbol) !== i);
      throw new RangeError(`Vocabulary: symbols must be given once, got ${JSON.stringify(repeated)} again`);
    }
    this.unk = options.unk;
    this.unknown = options.unk === undefined ? undefined : this.numbers.get(options.unk);
  }

  /** The plain form for {@link fromJSON}; `JSON.stringify` calls it. */
  toJSON(): { symbols: string[]; specials: readonly string[]; unk?: string } {
    const symbols = this.symbols.slice(this.specials.length);
    return { symbols, specials: this.specials, ...(this.unk === undefined ? {} : { unk: this.unk }) };
  }

  /** The vocabulary of a plain form made by {@link toJSON}. */
  static fromJSON(plain: { symbols: readonly string[] } & VocabularyOptions): Vocabulary {
    if (!Array.isArray(Object(plain).symbols)) throw new TypeError(`Vocabulary: plain must be what toJSON gave, got ${shown(plain)}`);
    const { symbols, ...options } = plain;
    return new Vocabulary(symbols, options);
  }

  /** The vocabulary of the symbols that occur in sequences, sorted by code unit: the same whatever the order of the data. */
  static from(sequences: Iterable<Iterable<string>>, options: VocabularyOptions = {}): Vocabulary {
    const found = new Set<string>();
    for (const sequence of sequences) for (const symbol of sequence) found.add(symbol);
    for (const special of specialsOf(options)) found.delete(special);
    return new Vocabulary([...found].sort(), options);
  }

  get size(): number {
    return this.symbols.length;
  }

  /** Whether a symbol is in the vocabulary. */
  has(symbol: string): boolean {
    return this.numbers.has(symbol);
  }

  /** The number of one symbol. */
  index(symbol: string): number {
    const number = this.numbers.get(symbol) ?? this.unknown;
    if (number === undefined) throw new RangeError(`Vocabulary: symbol must be known (or unk given), got ${JSON.stringify(symbol)}`);
    return number;
  }

  /** Numbers of symbols: of the code points of a string, or of the entries of a list. */
  encode(symbols: Iterable<string>): number[] {
    return Array.from(symbols, (symbol) => this.index(symbol));
  }

  /** Symbols of numbers: of a list, or of an int32 tensor `[T]`. */
  decode(numbers: Iterable<number> | Tensor): string[] {
    if (numbers instanceof Tensor && (numbers.rank !== 1 || numbers.dtype !== 'int32')) {
      throw new RangeError(`Vocabulary: numbers must be int32 [T], got ${numbers.dtype} [${numbers.shape.join(', ')}]`);
    }
    if (!(numbers instanceof Tensor || Symbol.iterator in Object(numbers))) {
      throw new TypeError(`Vocabulary: numbers must be a list or a tensor, got ${shown(numbers)}`);
    }
    return Array.from(numbers instanceof Tensor ? numbers.toArray() : numbers, (number) => {
      const symbol = this.symbols[number];
      if (symbol === undefined) throw new RangeError(`Vocabulary: number must be in [0, ${this.size}), got ${number}`);
      return symbol;
    });
  }
}
