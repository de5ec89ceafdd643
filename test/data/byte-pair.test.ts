import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BytePairEncoder } from '../../src/data/byte-pair.ts';
import { tensor } from '../../src/tensor/create.ts';

const corpus = [
  'the cat sat on the mat, the dog sat on the log. The end!',
  "it's what they're saying: we'll see, I'd say so, I've seen 1984 and 2001",
  'naïve café Straße 你好世界 你好 🙂🙂🙂 e\u0301 \u{10ffff}',
  '    def f(x):\n\n\treturn  x + 1  \r\n\u00a0\u2003end\u0000\u007f\ufeff',
  'aaaaaaaaaaaaaaaa abababababab',
];

/** Texts of all kinds: any characters, words of the corpus, spaces of every sort, specials. */
const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        ...corpus,
        ...corpus.flatMap((text) => text.split(' ')),
        ' ',
        '  ',
        '\n',
        '\t ',
        '\u0085',
        '\u3000',
        '<|end|>',
        '<|endoftext|>',
      ),
      fc.stringMatching(/^[ab ']{0,12}$/),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

describe('BytePairEncoder', () => {
  it('joins the commonest pair first, of equals the one of smaller numbers', () => {
    const bpe = BytePairEncoder.train(['ab', 'abab', 'ef', 'ef', 'cd', 'cd'], { size: 258 });
    expect(bpe.merges).toEqual([
      [97, 98],
      [99, 100],
    ]);
    expect(bpe.encode('abcd')).toEqual([256, 257]);
  });

  it('learns the same whatever the order of the texts, and stops where no pair comes twice', () => {
    const learned = BytePairEncoder.train(corpus, { size: 290, specials: ['<|end|>'] });
    expect(BytePairEncoder.train([...corpus].reverse(), { size: 290, specials: ['<|end|>'] }).merges).toEqual(learned.merges);
    expect(learned.size).toBe(290);
    const all = BytePairEncoder.train(['abab abab'], { size: 1000 });
    expect(all.encode('abab')).toHaveLength(1);
    expect(all.size).toBeLessThan(262);
  });

  it('counts as a plain recount of all words does, join by join', () => {
    const { merges, size } = BytePairEncoder.train(corpus, { size: 290 });
    expect(size).toBe(290);
    expect(merges).toEqual(recounted(corpus, merges.length));
  });

  it('gives any text back', () => {
    const encoders = [BytePairEncoder.train(corpus, { size: 295, specials: ['<|end|>', '<|endoftext|>'] }), new BytePairEncoder()];
    expect(new BytePairEncoder().decode(new BytePairEncoder().encode('\ufeffa'))).toBe('\ufeffa');
    fc.assert(
      fc.property(texts, (text) => {
        for (const bpe of encoders) {
          expect(bpe.decode(bpe.encode(text))).toBe(text);
          expect(bpe.decode(bpe.encode(text, { specials: true }))).toBe(text);
        }
      }),
    );
  });

  it('has the numbers of the other reader of its tokenizer.json', () => {
    const bpe = BytePairEncoder.train(corpus, { size: 295, specials: ['<|end|>', '<|endoftext|>'] });
    const json = JSON.parse(JSON.stringify(bpe.toTokenizerJson()));
    const other = new Tokenizer(json, {});
    fc.assert(
      fc.property(texts, (text) => {
        const { ids } = other.encode(text);
        expect(bpe.encode(text, { specials: true })).toEqual(ids);
        if (ids.length > 0) expect(bpe.decode(ids)).toBe(other.decode(ids, { clean_up_tokenization_spaces: false }));
      }),
      { numRuns: 300 },
    );
  });

  it('takes specials for text unless it is told', () => {
    const bpe = new BytePairEncoder([], { specials: ['<a>', '<a>b', '.*'] });
    expect(bpe.encode('<a>')).toEqual([63, 100, 65]);
    expect(bpe.encode('x<a>b<a>.*', { specials: true })).toEqual([123, 1, 0, 2]);
    expect(bpe.index('<a>b')).toBe(1);
    expect(bpe.decode([1, 100])).toBe('<a>ba');
  });

  it('comes back from JSON, and is one of bytes without merges', () => {
    const bpe = BytePairEncoder.train(corpus, { size: 290, specials: ['<|end|>'] });
    expect(() => BytePairEncoder.fromJSON('{}' as never)).toThrow("BytePairEncoder: plain must be what toJSON gave, got '{}'");
    const again = BytePairEncoder.fromJSON(JSON.parse(JSON.stringify(bpe)));
    expect(again.encode(corpus.join(' '))).toEqual(bpe.encode(corpus.join(' ')));
    expect(new BytePairEncoder().encode('é')).toEqual([0xc3, 0xa9]);
    expect(new BytePairEncoder().decode(tensor(new Int32Array([0xc3, 0xa9])))).toBe('é');
    expect(new BytePairEncoder().decode([0xc3])).toBe('\ufffd');
  });
});

describe('BytePairEncoder, refusing', () => {
  it('says what is wrong', () => {
    const bpe = new BytePairEncoder([[97, 98]]);
    expect(() => bpe.encode('ab\ud800')).toThrow('BytePairEncoder: text must be well-formed, got half a character at 2');
    expect(() => bpe.encode(3 as unknown as string)).toThrow('BytePairEncoder: text must be a string, got 3');
    expect(() => bpe.decode([257])).toThrow('BytePairEncoder: token must be in [0, 257), got 257');
    expect(() => bpe.decode([0.5])).toThrow('BytePairEncoder: token must be in [0, 257), got 0.5');
    expect(() => bpe.index('<s>')).toThrow("BytePairEncoder: special must be among [], got '<s>'");
    expect(() => bpe.encode('a', { special: true } as object)).toThrow('BytePairEncoder: options must be among specials, got special');
    expect(() => BytePairEncoder.train(['a'], { size: 257, specials: ['a', 'b'] })).toThrow(
      'BytePairEncoder: size must be at least the 258 of bytes and specials, got 257',
    );
    expect(() => BytePairEncoder.train([3 as unknown as string], { size: 257 })).toThrow('BytePairEncoder: text must be a string, got 3');
    expect(() => new BytePairEncoder([], { specials: ['a', 'a'] })).toThrow('BytePairEncoder: specials must be a list of unlike strings');
    expect(() => new BytePairEncoder([[0, 256]])).toThrow('merges must make a new token of two earlier ones, got [0, 256] at 0');
    expect(() => new BytePairEncoder([[0, 1], [0, 1]])).toThrow('got [0, 1] at 1'); // biome-ignore format: one line
    expect(() => new BytePairEncoder([[1, 1]], { specials: ['a', 'b'] })).toThrow('got [1, 1] at 0');
    expect(() => new BytePairEncoder([3] as never)).toThrow('BytePairEncoder: merges must be a list of pairs');
    expect(() => new BytePairEncoder([], { specials: ['a'] }).toTokenizerJson()).toThrow(
      "BytePairEncoder: specials must not be spelled like a token, got 'a'",
    );
  });
});

/** The same pairs, counted anew before each join over every place of every text, spelled as strings of hexadecimal bytes. */
function recounted(all: readonly string[], joins: number): number[][] {
  const words = all.flatMap((text) => [...text.matchAll(/'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu)]);
  const known = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
  let rows = words.map(([word]) => [...Buffer.from(word)].map((byte) => known[byte] as string));
  const made: number[][] = [];
  while (made.length < joins) {
    const counts: Record<string, number> = {};
    for (const row of rows)
      for (let i = 1; i < row.length; i++) counts[`${row[i - 1]} ${row[i]}`] = (counts[`${row[i - 1]} ${row[i]}`] ?? 0) + 1;
    const ranked = Object.entries(counts)
      .map(([pair, count]) => ({ pair: pair.split(' '), count }))
      .map(({ pair, count }) => ({ pair: pair.map((token) => known.indexOf(token)), count }))
      .sort((a, b) => b.count - a.count || (a.pair[0] as number) - (b.pair[0] as number) || (a.pair[1] as number) - (b.pair[1] as number));
    const { pair } = ranked[0] as (typeof ranked)[number];
    const [left, right] = pair as [number, number];
    made.push([left, right]);
    const token = `${known[left]}${known[right]}`;
    known.push(token);
    rows = rows.map((row) => {
      const after: string[] = [];
      for (let i = 0; i < row.length; i++) {
        if (row[i] === known[left] && row[i + 1] === known[right]) {
          after.push(token);
          i++;
        } else after.push(row[i] as string);
      }
      return after;
    });
  }
  return made;
}
