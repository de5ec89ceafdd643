// What is drawn: from which distribution, from which key.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greedySearch } from '../../src/decode/lines.ts';
import type { SearchOptions } from '../../src/decode/options.ts';
import { type SampleOptions, sample } from '../../src/decode/sample.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { at, range, total } from '../equations/plain.ts';
import { base, END, type Language, drawn as languageOf, speaker } from '../models/language.ts';
import { choiceOf, drawn, drawOf, free, type Heat } from './rules.ts';

/**
 * Pearson's χ² of counts against probabilities, as the deviate of a normal distribution (Wilson and Hilferty 1931): below 4.5 all but once in
 * 300,000. What is expected less than five times is taken together; what has probability 0 must not occur.
 */
function surprise(counts: readonly number[], shares: readonly number[]): number {
  const n = total(counts);
  const cells: [seen: number, wanted: number][] = [];
  const rest: [number, number] = [0, 0];
  for (const [i, share] of shares.entries()) {
    if (share === 0) expect(counts[i]).toBe(0);
    if (n * share >= 5) cells.push([at(counts, i), n * share]);
    else {
      rest[0] += at(counts, i);
      rest[1] += n * share;
    }
  }
  if (rest[1] >= 5) cells.push(rest);
  const degrees = cells.length - 1;
  if (degrees < 1) return 0;
  const chi = total(cells.map(([seen, wanted]) => (seen - wanted) ** 2 / wanted));
  return (Math.cbrt(chi / degrees) - (1 - 2 / (9 * degrees))) / Math.sqrt(2 / (9 * degrees));
}

const heats: Heat[] = [
  { temperature: 1, topK: 99, topP: 1 },
  { temperature: 0.5, topK: 99, topP: 1 },
  { temperature: 3, topK: 99, topP: 1 },
  { temperature: 1, topK: 2, topP: 1 },
  { temperature: 1, topK: 99, topP: 0.8 },
  { temperature: 2, topK: 3, topP: 0.6 },
  { temperature: 1e-3, topK: 99, topP: 0.999 },
];

/** The first tokens that `n` rows of one language draw. */
function firsts(logits: readonly number[], n: number, options: Partial<SampleOptions> & Pick<SampleOptions, 'key'>): number[] {
  const counts = logits.map(() => 0);
  scope(() => {
    const { decoder, source } = speaker(() => [...logits], n);
    for (const [one] of sample(decoder, source(), { ...base, batch: n, maxLength: 1, ...options })) {
      const token = one?.ended ? END : at(one?.tokens ?? [], 0);
      counts[token] = (counts[token] ?? 0) + 1;
    }
  });
  return counts;
}

describe('tokens are drawn', () => {
  it.each(heats)('from softmax of what is left: %j', (heat) => {
    for (const logits of [
      [0.3, -1, 0.5, 1.4],
      [2, 2, -0.5, 2],
      [0, Number.NEGATIVE_INFINITY, 1, 0],
    ]) {
      // biome-ignore format: one line
      const shares = drawOf({ logits, may: logits.map((x) => x > Number.NEGATIVE_INFINITY) }, heat);
      expect(total(shares)).toBeCloseTo(1, 12);
      expect(surprise(firsts(logits, 6000, { key: key(5), ...heat }), shares)).toBeLessThan(4.5); // rows of one key
      const counts = logits.map(() => 0);
      for (let seed = 0; seed < 300; seed++) firsts(logits, 1, { key: key(seed), ...heat }).forEach((n, i) => (counts[i] = at(counts, i) + n)); // biome-ignore format: one line
      expect(surprise(counts, shares)).toBeLessThan(4.5); // one row of many keys
    }
  });

  it('each step on its own: sentences come as often as the product of their tokens says', () => {
    const rules = { ...free, maxLength: 3, never: [1], minLength: 1, noRepeatNgram: 2 };
    for (const [seed, heat] of heats.entries()) {
      const language = languageOf(seed);
      const { decoder, source } = speaker(language, 2);
      const options = { ...base, batch: 2, maxLength: 3, never: [1], minLength: 1, noRepeatNgram: 2, samples: 3000 };
      sample(decoder, source(), { ...options, key: key(70 + seed), ...heat }).forEach((samples, row) => {
        const wanted = drawn(language, row, rules, heat) as Map<string, number>;
        const names = [...wanted.keys()];
        const counts = names.map(() => 0);
        for (const { tokens, ended } of samples) {
          const place = names.indexOf((ended ? [...tokens, END] : tokens).join(' '));
          expect(place).toBeGreaterThanOrEqual(0); // nothing else can be drawn
          counts[place] = at(counts, place) + 1;
        }
        expect(total([...wanted.values()])).toBeCloseTo(1, 9);
        expect(surprise(counts, [...wanted.values()])).toBeLessThan(4.5);
      });
    }
  });

  it('with the decoder’s own probabilities, whatever they were drawn with', () => {
    const language = languageOf(11);
    const { decoder, source } = speaker(language, 3);
    const rules = { ...free, repetitionPenalty: 1.5 };
    const options = { ...base, repetitionPenalty: 1.5, samples: 4, key: key(3), temperature: 0.3, topK: 3, topP: 0.9 };
    sample(decoder, source(), options).forEach((samples, row) => {
      for (const { tokens, ended, logProbability, score, trace } of samples) {
        const text = ended ? [...tokens, END] : tokens;
        const each = text.map((token, i) => at(choiceOf(language, row, text.slice(0, i), rules).logProbabilities, token));
        expect(logProbability).toBeCloseTo(total(each), 5);
        expect(score).toBe(logProbability);
        expect(trace.map((seen) => Array.from(seen))).toEqual(tokens.map((_, t) => [row, t]));
      }
    });
  });
});

describe('a key', () => {
  const language: Language = (row, before) => languageOf(4)(row % 2, before);
  const run = (rows: readonly number[], options: Partial<SearchOptions & SampleOptions> & Pick<SampleOptions, 'key'>) => {
    const { decoder } = speaker(language, rows.length);
    return sample(decoder, { row: tensor(Int32Array.from(rows)) }, { ...base, batch: rows.length, ...options });
  };

  it('draws the same again, and another something else; rows and samples draw each on their own', () => {
    const rows = range(40);
    const texts = (found: ReturnType<typeof run>) => found.map((samples) => samples.map(({ tokens }) => tokens.join()));
    expect(run(rows, { key: key(1), samples: 2 })).toEqual(run(rows, { key: key(1), samples: 2 }));
    expect(texts(run(rows, { key: key(1) }))).not.toEqual(texts(run(rows, { key: key(2) })));
    const found = texts(run(rows, { key: key(1), samples: 2 }));
    expect(found.filter(([a, b]) => a !== b).length).toBeGreaterThan(10);
    expect(new Set(found.filter((_, row) => row % 2 === 0).map(String)).size).toBeGreaterThan(10);
    expect(found.map(([first]) => [first])).toEqual(texts(run(rows, { key: key(1) }))); // more samples leave the first as it is
  });

  it('of a row draws the same alone and in a batch, in any place', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.constantFrom(...heats), fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }), (seed, heat, rows) => {
        scope(() => {
          const keys = rows.map((_, i) => foldIn(key(seed), i));
          const all = run(rows, { key: key(seed), ...heat, samples: 2 });
          expect(run(rows, { key: keys, ...heat, samples: 2 })).toEqual(all);
          rows.forEach((row, i) => expect(run([row], { key: [keys[i] as (typeof keys)[0]], ...heat, samples: 2 })).toEqual([all[i]]));
        });
      }),
      { numRuns: 30, seed: 3 },
    );
  });

  it('is asked for, one or one a row', () => {
    const wrong = (options: object) => () => run([0, 1], options as SampleOptions);
    expect(wrong({})).toThrow('sample: key must be made by key(seed), split or foldIn, got undefined');
    expect(wrong({ key: 3 })).toThrow('sample: key must be made by key(seed), split or foldIn, got 3');
    expect(wrong({ key: [key(1)] })).toThrow('sample: key must be one, or one for each of 2 rows, got 1');
    expect(wrong({ key: [key(1), 7] })).toThrow('sample: key must be made by key(seed), split or foldIn, got 7');
    for (const [name, value, rule] of [
      ['temperature', -1, '0, or a number from 1e-30 to 1e30'],
      ['temperature', Number.NaN, '0, or a number from 1e-30 to 1e30'],
      ['temperature', 1e-40, '0, or a number from 1e-30 to 1e30'],
      ['topK', 0, 'a whole number from 1'],
      ['topK', 1.5, 'a whole number from 1'],
      ['topP', 0, 'above 0 and at most 1'],
      ['topP', 1.1, 'above 0 and at most 1'],
      ['samples', 0, 'a whole number from 1'],
    ] as const)
      expect(wrong({ key: key(1), [name]: value })).toThrow(`sample: ${name} must be ${rule}, got ${value}`);
    expect(wrong({ key: key(1), beam: 2 })).toThrow('sample: options must be among batch, start, end, maxLength, never');
  });

  it('draws nothing at temperature 0, and as good as nothing near it', () => {
    const { decoder, source } = speaker(language, 6);
    const greedy = greedySearch(decoder, source(), { ...base, batch: 6 });
    for (const temperature of [0, 1e-30, 1e-6]) {
      const found = sample(decoder, source(), { ...base, batch: 6, key: key(1), temperature, samples: 2 });
      expect(found).toEqual(greedy.map((one) => [one, one]));
    }
  });
});
