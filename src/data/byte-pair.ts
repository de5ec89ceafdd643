import { expectOptions, isFlag, isSize, isText, maybe, type Rules, ruleOf, shown } from '../tensor/check.ts';
import { expectDType, Tensor } from '../tensor/tensor.ts';
import { type Merge, Pairs, pairKey, withJoined } from './pairs.ts';

/** What a {@link BytePairEncoder} is made with. */
export interface BytePairOptions {
  /** Tokens that no text is cut into, `<|endoftext|>` say. They come first, so that their numbers are known. Default none. */
  specials?: readonly string[] | undefined;
}

const OP = 'BytePairEncoder';

/** Bytes there are. */
const BYTES = 256;

/** What a text is cut into before its bytes are joined: GPT-2's words, each with the space before it, numbers, signs and runs of spaces. */
const WORDS = /'(?:[stdm]|re|ve|ll)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const areSpecials = /* @__PURE__ */ maybe(
  /* @__PURE__ */ ruleOf(
    'a list of unlike strings that are not empty',
    (all) => Array.isArray(all) && new Set(all).size === all.length && all.every((one) => typeof one === 'string' && one !== ''),
  ),
);

/** A character for each byte, as GPT-2's files spell them: printable ones are their own, the others come after 255. */
function spellings(): string[] {
  let next = BYTES;
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  return Array.from({ length: BYTES }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

const rules: Rules<BytePairOptions> = { specials: areSpecials };

const areMerges = /* @__PURE__ */ ruleOf(
  'a list of pairs',
  (all) => Array.isArray(all) && all.every((pair) => Array.isArray(pair) && pair.length === 2),
);

/** The words of a text, which together are the text. */
function wordsOf(text: string): string[] {
  isText(OP, 'text', text);
  const lone = /\p{Surrogate}/u.exec(text);
  if (lone) throw new RangeError(`${OP}: text must be well-formed, got half a character at ${lone.index}`);
  return text.match(WORDS) ?? [];
}

/**
 * Byte-pair encoding (Sennrich, Haddow and Birch 2016) over the bytes of a text, as GPT-2 has it (Radford et al. 2019, §2.2): any text has an encoding
 * and comes back. Numbers: specials, the 256 bytes, then a token for each pair that is joined, the commonest first. Without merges it is a tokenizer
 * of bytes; one of characters is a {@link Vocabulary}. Letters and numbers are those of the engine's Unicode.
 */
export class BytePairEncoder {
  /** The numbers of the two tokens that each token after the bytes is made of. */
  readonly merges: readonly Merge[];
  readonly specials: readonly string[];
  /** The bytes of each token, none of a special. */
  private readonly bytes: readonly (readonly number[])[];
  private readonly joined: ReadonlyMap<number, number>;
  private readonly special: RegExp | null;

  constructor(merges: readonly Merge[] = [], options: BytePairOptions = {}) {
    expectOptions(OP, options, rules);
    areMerges(OP, 'merges', merges);
    this.specials = [...(options.specials ?? [])];
    this.merges = merges.map(([left, right]) => [left, right] as const);
    const bytes: number[][] = [...this.specials.map(() => []), ...Array.from({ length: BYTES }, (_, byte) => [byte])];
    const joined = new Map<number, number>();
    const spelled = new Set(bytes.map(String));
    for (const [at, pair] of this.merges.entries()) {
      const parts = pair.map((token) => bytes[token] ?? []);
      const own = parts.flat();
      if (parts.some(({ length }) => length === 0) || spelled.has(String(own))) {
        throw new RangeError(`${OP}: merges must make a new token of two earlier ones, got ${shown(pair)} at ${at}`);
      }
      spelled.add(String(own));
      joined.set(pairKey(...pair), bytes.push(own) - 1);
    }
    this.bytes = bytes;
    this.joined = joined;
    const longest = [...this.specials].sort((a, b) => b.length - a.length); // of two that begin alike the longer one is meant
    const escaped = longest.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
    this.special = escaped.length > 0 ? new RegExp(`(${escaped.join('|')})`, 'u') : null;
  }

  /**
   * Learns from texts which pairs to join, until there are `size` tokens or no pair comes twice: the commonest first, of equals the one of smaller
   * numbers. The order of the texts changes nothing.
   */
  static train(texts: Iterable<string>, options: BytePairOptions & { size: number }): BytePairEncoder {
    expectOptions(OP, options, { ...rules, size: isSize });
    const { size, ...rest } = options;
    const plain = new BytePairEncoder([], rest);
    if (size < plain.size) throw new RangeError(`${OP}: size must be at least the ${plain.size} of bytes and specials, got ${size}`);
    const counts = new Map<string, number>();
    for (const text of texts) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const pairs = new Pairs([...counts].map(([word, count]) => ({ tokens: plain.encode(word), count })));
    const merges: Merge[] = [];
    for (let best = pairs.best(); best && plain.size + merges.length < size; best = pairs.best()) {
      pairs.join(best, plain.size + merges.length);
      merges.push(best);
    }
    return new BytePairEncoder(merges, rest);
  }

  /** What {@link fromJSON} makes the same encoder of; `JSON.stringify` calls it. */
  toJSON(): { merges: readonly Merge[]; specials: readonly string[] } {
    return { merges: this.merges, specials: this.specials };
  }

  /** The encoder that {@link toJSON} described. */
  static fromJSON(plain: { merges: readonly Merge[] } & BytePairOptions): BytePairEncoder {
    if (!Array.isArray(Object(plain).merges)) throw new TypeError(`${OP}: plain must be what toJSON gave, got ${shown(plain)}`);
    const { merges, ...options } = plain;
    return new BytePairEncoder(merges, options);
  }

  /** How many tokens there are. */
  get size(): number {
    return this.bytes.length;
  }

  /** The number of a special. */
  index(special: string): number {
    const at = this.specials.indexOf(special);
    if (at < 0) throw new RangeError(`${OP}: special must be among ${shown(this.specials)}, got ${shown(special)}`);
    return at;
  }

  /**
   * The tokens of a text. What looks like a special is text like any other, so that nobody who writes text can write one; with `specials` it is the
   * special, as the other readers of a `tokenizer.json` take it.
   */
  encode(text: string, options: { specials?: boolean | undefined } = {}): number[] {
    expectOptions(OP, options, { specials: maybe(isFlag) });
    isText(OP, 'text', text);
    const parts = options.specials && this.special ? text.split(this.special) : [text]; // every second one is a special
    return parts.flatMap((part, i) => (i % 2 === 1 ? [this.index(part)] : wordsOf(part).flatMap((word) => this.tokensOf(word))));
  }

  /** The text of tokens, specials as they are spelled. Bytes that are no UTF-8, of half a character say, become U+FFFD. */
  decode(tokens: Iterable<number> | Tensor): string {
    if (tokens instanceof Tensor) expectDType(OP, 'tokens', tokens, 'int32');
    else if (!(Symbol.iterator in Object(tokens))) throw new TypeError(`${OP}: tokens must be a list or a tensor, got ${shown(tokens)}`);
    const numbers = Array.from(tokens instanceof Tensor ? tokens.toArray() : tokens);
    const bytes = numbers.flatMap((token) => {
      const own = typeof token === 'number' ? this.bytes[token] : undefined;
      if (!own) throw new RangeError(`${OP}: token must be in [0, ${this.size}), got ${token}`);
      return own.length > 0 ? own : [...utf8(this.specials[token] as string)];
    });
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  /**
   * The same as an object for a `tokenizer.json`, which Hugging Face's readers take: `new Tokenizer(bpe.toTokenizerJson(), {})` of
   * `@huggingface/tokenizers`, whose numbers are those of `encode(text, { specials: true })`.
   */
  toTokenizerJson(): Record<string, unknown> {
    const characters = spellings();
    const spelled: string[] = this.bytes.map((own, token) => this.specials[token] ?? own.map((byte) => characters[byte]).join(''));
    const twice = this.specials.find((special, i) => spelled.lastIndexOf(special) !== i);
    if (twice !== undefined) throw new RangeError(`${OP}: specials must not be spelled like a token, got ${shown(twice)}`);
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: this.specials.map((content, id) => ({ id, content, ...flags })),
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: null,
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(spelled.map((token, id) => [token, id])),
        merges: this.merges.map((pair) => pair.map((token) => spelled[token]).join(' ')),
      },
    };
  }

  /** The tokens of a word: of its pairs the one that was learned first is joined, everywhere, and again. */
  private tokensOf(word: string): readonly number[] {
    let tokens = Array.from(utf8(word), (byte) => this.specials.length + byte);
    for (;;) {
      let [key, first] = [-1, Number.POSITIVE_INFINITY];
      for (let i = 0; i + 1 < tokens.length; i++) {
        const pair = pairKey(tokens[i] as number, tokens[i + 1] as number);
        const token = this.joined.get(pair);
        if (token !== undefined && token < first) [key, first] = [pair, token];
      }
      if (key < 0) return tokens;
      tokens = withJoined(tokens, key, first);
    }
  }
}
