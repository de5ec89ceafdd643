// Pairs of neighbours in words: how often each comes, kept while pairs are joined.

/** Two tokens that are joined, by their numbers. */
export type Merge = readonly [left: number, right: number];

/** A pair as one number, which orders pairs as their tokens do. */
export const pairKey = (left: number, right: number): number => left * 2 ** 26 + right;

const pairOf = (key: number): Merge => [Math.floor(key / 2 ** 26), key % 2 ** 26];

/** Tokens with each pair of `key` joined to `token`, from the left. */
export function withJoined(tokens: readonly number[], key: number, token: number): number[] {
  const after: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const pair = i + 1 < tokens.length && pairKey(tokens[i] as number, tokens[i + 1] as number) === key;
    after.push(pair ? token : (tokens[i] as number));
    if (pair) i++;
  }
  return after;
}

interface Word {
  tokens: readonly number[];
  readonly count: number;
}

/** The pairs of words that come `count` times each. */
export class Pairs {
  private readonly counts = new Map<number, number>();
  private readonly places = new Map<number, Set<Word>>();

  constructor(words: Iterable<Word>) {
    for (const word of words) this.add(word, 1);
  }

  /** The commonest pair, of equals the smallest; none where no pair comes twice. */
  best(): Merge | undefined {
    let [key, most] = [-1, 1];
    for (const [other, count] of this.counts) {
      if (count > most || (count === most && other < key)) [key, most] = [other, count];
    }
    return key < 0 ? undefined : pairOf(key);
  }

  join(pair: Merge, token: number): void {
    const key = pairKey(...pair);
    for (const word of [...(this.places.get(key) ?? [])]) {
      this.add(word, -1);
      word.tokens = withJoined(word.tokens, key, token);
      this.add(word, 1);
    }
  }

  private add(word: Word, sign: 1 | -1): void {
    const { tokens, count } = word;
    for (let i = 0; i + 1 < tokens.length; i++) {
      const key = pairKey(tokens[i] as number, tokens[i + 1] as number);
      const left = (this.counts.get(key) ?? 0) + sign * count;
      const places = this.places.get(key) ?? new Set();
      if (left > 0) {
        this.counts.set(key, left);
        this.places.set(key, places);
      } else {
        this.counts.delete(key);
        this.places.delete(key);
      }
      if (sign > 0) places.add(word);
      else places.delete(word);
    }
  }
}
