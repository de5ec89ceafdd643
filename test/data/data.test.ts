import { describe, expect, it } from 'vitest';
import { bucketBatches, padBatch } from '../../src/data/batch.ts';
import { fnv1a, hashSplit } from '../../src/data/split.ts';
import { Vocabulary } from '../../src/data/vocabulary.ts';
import { editDistance, errorRates } from '../../src/metrics/error-rates.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, key, randomInt } from '../../src/tensor/random.ts';

describe('Vocabulary', () => {
  it('numbers specials first and goes there and back', () => {
    const phones = new Vocabulary(['AA', 'B']);
    expect(phones.symbols).toEqual(['<pad>', '<bos>', '<eos>', 'AA', 'B']);
    expect(phones.encode(['B', 'AA', '<eos>'])).toEqual([4, 3, 2]);
    expect(phones.decode([4, 3, 2])).toEqual(['B', 'AA', '<eos>']);
    expect(Vocabulary.from(['cab', 'ad'], { specials: ['<pad>'] }).symbols).toEqual(['<pad>', 'a', 'b', 'c', 'd']);
  });

  it('says what it does not know, or takes unk for it', () => {
    const letters = new Vocabulary(['a']);
    expect(() => letters.encode('ab')).toThrow('Vocabulary: symbol must be known (or unk given), got "b"');
    expect(() => letters.encode(['__proto__'])).toThrow('Vocabulary: symbol must be known');
    expect(() => letters.decode([9])).toThrow('Vocabulary: number must be in [0, 4), got 9');
    expect(() => new Vocabulary(['a', 'a'])).toThrow('Vocabulary: symbols must be given once, got "a" again');
    expect(new Vocabulary(['a'], { unk: '<unk>' }).symbols).toEqual(['<pad>', '<bos>', '<eos>', '<unk>', 'a']);
    expect(new Vocabulary(['a'], { specials: ['<pad>', '<unk>'], unk: '<unk>' }).encode('ab')).toEqual([2, 1]);
  });
});

describe('Vocabulary, kept and used', () => {
  it('comes back from JSON with the same numbers', () => {
    const letters = Vocabulary.from(['cab'], { unk: '<unk>' });
    const again = Vocabulary.fromJSON(JSON.parse(JSON.stringify(letters)));
    expect(again.symbols).toEqual(letters.symbols);
    expect(again.encode('abx')).toEqual(letters.encode('abx'));
    expect(() => Vocabulary.fromJSON('{}' as never)).toThrow("Vocabulary: plain must be what toJSON gave, got '{}'");
    expect(() => Vocabulary.fromJSON(JSON.parse(JSON.stringify(new Vocabulary(['a'])))).encode('b')).toThrow('symbol must be known');
  });

  it('leaves out the specials of sequences that hold them, the ordinary ones too', () => {
    expect(Vocabulary.from([['<pad>', 'a', '<eos>']]).symbols).toEqual(['<pad>', '<bos>', '<eos>', 'a']);
  });

  it('decodes a tensor of numbers', () => {
    const letters = new Vocabulary(['a', 'b']);
    expect(letters.decode(tensor(new Int32Array([3, 4])))).toEqual(['a', 'b']);
    expect(() => letters.decode(tensor([3, 4]))).toThrow('Vocabulary: numbers must be int32 [T], got float32 [2]');
    expect(() => letters.decode(3 as unknown as number[])).toThrow('Vocabulary: numbers must be a list or a tensor, got 3');
  });

  it('holds strings and knows its options', () => {
    expect(() => new Vocabulary([3 as unknown as string])).toThrow('Vocabulary: symbols must be strings, got 3');
    expect(() => new Vocabulary([], { unknown: '?' } as object)).toThrow('Vocabulary: options must be among specials, unk, got unknown');
  });
});

describe('padBatch', () => {
  it('refuses options it does not know and lengths that are none', () => {
    expect(() => padBatch([[1]], { minLength: 3.5 })).toThrow('padBatch: minLength must be a whole number from 0, got 3.5');
    expect(() => padBatch([[1]], { pad: 0.5 })).toThrow('padBatch: pad must be an int32, got 0.5');
    expect(() => padBatch([[1]], { length: 3 } as object)).toThrow('padBatch: options must be among pad, minLength, got length');
  });

  it('fills up at the end and marks what is real', () => {
    const { tokens, mask, lengths } = padBatch([[5, 6, 7], [], [8]], { pad: -1 });
    expect([tokens.dtype, tokens.shape, [...tokens.view()]]).toEqual(['int32', [3, 3], [5, 6, 7, -1, -1, -1, 8, -1, -1]]);
    expect([mask.dtype, mask.shape, [...mask.view()]]).toEqual(['bool', [3, 3], [1, 1, 1, 0, 0, 0, 1, 0, 0]]);
    expect(lengths).toEqual([3, 0, 1]);
    expect(padBatch([[1]], { minLength: 2 }).tokens.shape).toEqual([1, 2]);
    expect(padBatch([]).tokens.shape).toEqual([0, 0]);
    expect(() => padBatch([[1], [2, 0.5]])).toThrow('padBatch: tokens must be int32, got 0.5 in sequence 1 at 1');
  });
});

describe('bucketBatches', () => {
  const lengths = Array.from({ length: 1003 }, (_, i) => 1 + randomInt(key(5), i, 20));
  const padding = (batches: number[][]): number => {
    const padded = batches.reduce((sum, batch) => sum + batch.length * Math.max(...batch.map((i) => lengths[i] as number)), 0);
    return padded / lengths.reduce((a, b) => a + b) - 1;
  };

  it('takes every item once, in batches of the size, with little padding', () => {
    const batches = bucketBatches(lengths, { batchSize: 32, key: key(1) });
    expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    expect(batches.map((batch) => batch.length).sort((a, b) => a - b)).toEqual([1003 % 32, ...new Array(31).fill(32)]);
    // Sorted lengths step by 1 at 19 places; at each, a batch may straddle the step and pad all its items but one.
    expect(padding(batches)).toBeLessThanOrEqual((19 * 31) / lengths.reduce((a, b) => a + b));
    expect(padding(bucketBatches(lengths, { batchSize: 32, key: key(1), bucketWidth: 4 }))).toBeLessThan(0.2);
  });

  it('depends on the key alone, and mixes items and batches', () => {
    const epoch = (n: number) => bucketBatches(lengths, { batchSize: 32, key: foldIn(key(1), n) });
    expect(epoch(0)).toEqual(epoch(0));
    expect(epoch(0)).not.toEqual(epoch(1));
    const together = (batches: number[][]) => new Set(batches.map((batch) => batch.toSorted((a, b) => a - b).join()));
    expect([...together(epoch(0))].filter((batch) => together(epoch(1)).has(batch)).length).toBe(0);
    const longest = epoch(0).map((batch) => Math.max(...batch.map((i) => lengths[i] as number)));
    expect(longest).not.toEqual(longest.toSorted((a, b) => a - b));
  });

  it('draws the order of items and that of batches apart', () => {
    // Of items of one length, one to a batch, the order is one permutation after another: under one key the square of one.
    const drawn = (epoch: number) => bucketBatches(new Array<number>(7).fill(1), { batchSize: 1, key: foldIn(key(3), epoch) }).flat();
    const isSquare = (square: readonly number[]) => {
      // So it is only where the cycles of each even length come in pairs.
      const cycles = new Map<number, number>();
      const seen = new Set<number>();
      for (const from of square) {
        let length = 0;
        for (let i = from; !seen.has(i); i = square[i] as number, length++) seen.add(i);
        if (length > 0) cycles.set(length, (cycles.get(length) ?? 0) + 1);
      }
      return [...cycles].every(([length, count]) => length % 2 === 1 || count % 2 === 0);
    };
    const epochs = Array.from({ length: 200 }, (_, i) => drawn(i));
    // Of the 5,040 orders of 7 items 1,890 are squares, 3 in 8: 75 of 200 are expected, with a standard deviation of 7.
    const roots = epochs.filter(isSquare).length;
    expect(Math.abs(roots - 75)).toBeLessThan(35);
  });

  it('is in order of length without a key, and takes several lengths', () => {
    expect(bucketBatches([3, 1, 2, 1], { batchSize: 2 })).toEqual([
      [1, 3],
      [2, 0],
    ]);
    expect(
      bucketBatches(
        [
          [2, 9],
          [1, 5],
          [2, 1],
          [1, 4],
        ],
        { batchSize: 2 },
      ),
    ).toEqual([
      [3, 1],
      [2, 0],
    ]);
    expect(bucketBatches([], { batchSize: 2, key: key(0) })).toEqual([]);
    expect(() => bucketBatches([1], { batchSize: 0 })).toThrow('bucketBatches: batchSize must be a whole number from 1, got 0');
    expect(() => bucketBatches([1], { batchSize: 1, bucketWidth: 0 })).toThrow('bucketBatches: bucketWidth must be at least 1, got 0');
  });
});

describe('errors', () => {
  it.each<[string, string, number]>([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['saturday', 'sunday', 3],
    ['ab', 'ba', 2],
  ])('%s and %s are %i edits apart', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance([...b], [...a])).toBe(distance);
  });

  it('counts against the closest reference, the longest of equally close ones', () => {
    const rates = errorRates(
      [['a', 'b'], ['x']],
      [
        [['a'], ['a', 'b', 'c'], ['q', 'r', 's', 't']],
        [['x'], ['y']],
      ],
    );
    expect(rates).toEqual({
      tokenErrorRate: 1 / 4,
      sequenceErrorRate: 1 / 2,
      edits: 1,
      referenceTokens: 4,
      wrongSequences: 1,
      sequences: 2,
    });
    expect(errorRates([], [])).toMatchObject({ tokenErrorRate: 0, sequenceErrorRate: 0 });
    expect(() => errorRates([['a']], [[]])).toThrow('errorRates: hypothesis 0 must have a reference, got none');
    expect(() => errorRates([['a', 'b']], [['a', 'b']] as unknown as string[][][])).toThrow(
      'errorRates: references must be lists of sequences, got a list of tokens at 0',
    );
    expect(errorRates(['ab'], [['ab']]).edits).toBe(0);
    expect(() => errorRates([['a']], [])).toThrow('errorRates: each hypothesis must have references, got 1 and 0');
  });
});

describe('hashSplit', () => {
  it('hashes by FNV-1a, as its authors’ test vectors say', () => {
    expect([fnv1a(''), fnv1a('a'), fnv1a('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  it('keeps to the fractions, also for words that look alike, and never moves a word', () => {
    const counts = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const part = hashSplit(`w${i}`, [0.9, 0.05, 0.05]);
      counts[part] = (counts[part] ?? 0) + 1;
    }
    // Standard deviations of the counts: 42, 31 and 31.
    expect(Math.abs((counts[0] ?? 0) - 18_000)).toBeLessThan(150);
    expect(Math.abs((counts[1] ?? 0) - 1000)).toBeLessThan(110);
    expect(['saccade', 'attention', 'über'].map((word) => hashSplit(word, [0.5, 0.5]))).toEqual([0, 1, 1]);
    expect(hashSplit('x', [0, 1])).toBe(1);
    expect(() => hashSplit('x', [0.5])).toThrow('hashSplit: fractions must be from 0 and sum to 1, got [0.5]');
  });
});
