/** What a vocabulary holds besides its symbols. */
export interface VocabularyOptions {
  /** Symbols that come first, so that their numbers are known: `<pad>` is 0, `<bos>` 1, `<eos>` 2 by default. */
  specials?: readonly string[];
  /** The special that unknown symbols become; without it they are an error. */
  unk?: string;
}

/** Symbols and their numbers: specials first, then the symbols in the order given. */
export class Vocabulary {
  /** Every symbol; its place is its number. */
  readonly symbols: readonly string[];
  readonly specials: readonly string[];
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly unknown: number | undefined;

  constructor(symbols: Iterable<string>, options: VocabularyOptions = {}) {
    const { specials = ['<pad>', '<bos>', '<eos>'], unk } = options;
    this.specials = [...specials];
    this.symbols = [...specials, ...symbols];
    this.numbers = new Map(this.symbols.map((symbol, i) => [symbol, i]));
    if (this.numbers.size !== this.symbols.length) {
      const repeated = this.symbols.find((symbol, i) => this.symbols.indexOf(symbol) !== i);
      throw new RangeError(`Vocabulary: symbols must be given once, got ${JSON.stringify(repeated)} again`);
    }
    if (unk !== undefined && !specials.includes(unk)) {
      throw new RangeError(`Vocabulary: unk must be one of the specials, got ${JSON.stringify(unk)}`);
    }
    this.unknown = unk === undefined ? undefined : this.numbers.get(unk);
  }

  /** The symbols that occur in sequences, sorted by code unit: the same vocabulary whatever the order of the data. */
  static from(sequences: Iterable<Iterable<string>>, options: VocabularyOptions = {}): Vocabulary {
    const found = new Set<string>();
    for (const sequence of sequences) for (const symbol of sequence) found.add(symbol);
    for (const special of options.specials ?? []) found.delete(special);
    return new Vocabulary([...found].sort(), options);
  }

  get size(): number {
    return this.symbols.length;
  }

  has(symbol: string): boolean {
    return this.numbers.has(symbol);
  }

  /** The number of one symbol. */
  index(symbol: string): number {
    const number = this.numbers.get(symbol) ?? this.unknown;
    if (number === undefined) throw new RangeError(`Vocabulary: symbol must be known (or unk given), got ${JSON.stringify(symbol)}`);
    return number;
  }

  /** Numbers of symbols: of a string's code points, or of a list's entries. */
  encode(symbols: Iterable<string>): number[] {
    return Array.from(symbols, (symbol) => this.index(symbol));
  }

  /** Symbols of numbers. */
  decode(numbers: Iterable<number>): string[] {
    return Array.from(numbers, (number) => {
      const symbol = this.symbols[number];
      if (symbol === undefined) throw new RangeError(`Vocabulary: number must be in [0, ${this.size}), got ${number}`);
      return symbol;
    });
  }
}
