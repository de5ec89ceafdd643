// Searches under rules drawn at random, against every sentence of a small language written out in float64.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BeamOptions, beamSearch } from '../../src/decode/beam.ts';
import { greedySearch } from '../../src/decode/lines.ts';
import type { SearchOptions } from '../../src/decode/options.ts';
import type { LogitsProcessor } from '../../src/decode/processors.ts';
import { sample } from '../../src/decode/sample.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { base, drawn, END, type Sentence, speaker } from '../models/language.ts';
import { beamOf, coverageRows, free, looks, type Rules, sentences } from './rules.ts';

const bare = (found: readonly Pick<Sentence, 'tokens' | 'ended'>[]) => found.map(({ tokens, ended }) => ({ tokens, ended }));

const BATCH = 2;
const NOTHING = 'logits must leave a token that may be written, got -Infinity for all';

/** A rule of one's own: no token after itself. */
const steady: LogitsProcessor = (logits, { tokens }) => {
  const values = logits.toArray();
  const width = logits.shape[1] as number;
  for (let row = 0; row * width < values.length; row++) {
    const last = tokens(row).at(-1);
    if (last !== undefined && last !== END) values[row * width + last] = Number.NEGATIVE_INFINITY;
  }
  return tensor(values, { shape: logits.shape });
};

const optionsOf = (rules: Rules): SearchOptions & Pick<BeamOptions, 'lengthPenalty'> => ({
  ...base,
  batch: BATCH,
  maxLength: rules.maxLength,
  never: rules.never,
  minLength: rules.minLength,
  prefix: rules.prefix,
  repetitionPenalty: rules.repetitionPenalty,
  ...(rules.noRepeatNgram > 0 ? { noRepeatNgram: rules.noRepeatNgram } : {}),
  ...(rules.stutters ? {} : { constrain: [steady] }),
});

const ranksOf = ({ lengthPenalty, coveragePenalty }: Rules) => ({
  lengthPenalty,
  coveragePenalty,
  ...(coveragePenalty > 0 ? { coverageMask: tensor(coverageRows(BATCH)) } : {}),
});

const rules: fc.Arbitrary<Rules> = fc
  .record({
    maxLength: fc.integer({ min: 1, max: 5 }),
    never: fc.constantFrom([], [1], [1, 3], [9]),
    minLength: fc.constantFrom(0, 0, 1, 2, 5),
    noRepeatNgram: fc.constantFrom(0, 0, 1, 2, 3),
    prefix: fc.constantFrom([], [], [3], [1, 0], [0, 0, 0]),
    repetitionPenalty: fc.constantFrom(1, 1, 1.5, 0.7),
    lengthPenalty: fc.constantFrom(0, 0.6, 2),
    coveragePenalty: fc.constantFrom(0, 0.2, 1),
    stutters: fc.boolean(),
  })
  .map((drawnRules) => ({
    ...drawnRules,
    minLength: Math.min(drawnRules.minLength, drawnRules.maxLength),
    prefix: drawnRules.prefix.slice(0, drawnRules.maxLength),
  }));

const cases = fc.record({ rules, seed: fc.nat(1e6), beam: fc.integer({ min: 1, max: 5 }) });
const all = (count: number) => ({ numRuns: count, seed: 14 });

/** A language with negative logits too, so that penalties have both signs. */
const spoken = (seed: number) => {
  const positive = drawn(seed);
  return (row: number, before: readonly number[]) => positive(row, before).map((x) => x - 2.5);
};

describe('searches under any rules', () => {
  it('find with a beam as wide as the language its best sentences, and no others', () => {
    fc.assert(
      fc.property(cases, ({ rules: asked, seed }) => {
        scope(() => {
          const language = spoken(seed);
          const { decoder, source } = speaker(language, BATCH, looks);
          const run = () => beamSearch(decoder, source(), { ...optionsOf(asked), ...ranksOf(asked), beam: 400, nBest: 400 });
          const wanted = Array.from({ length: BATCH }, (_, row) => sentences(language, row, asked));
          if (wanted.some(({ length }) => length === 0)) {
            expect(run).toThrow(NOTHING);
            return;
          }
          run().forEach((found, row) => {
            expect(bare(found)).toEqual(bare(wanted[row] as Sentence[]));
            found.forEach(({ score, logProbability }, i) => {
              expect(score).toBeCloseTo(wanted[row]?.[i]?.score as number, 4);
              expect(logProbability).toBeCloseTo(wanted[row]?.[i]?.logProbability as number, 4);
            });
          });
        });
      }),
      all(150),
    );
  });

  it('keep with a narrow beam the best continuations, greedily one; temperature 0 is greedy', () => {
    const seen = { stuck: 0, cut: 0, ended: 0 };
    fc.assert(
      fc.property(cases, ({ rules: asked, seed, beam }) => {
        scope(() => {
          const language = spoken(seed);
          const { decoder, source } = speaker(language, BATCH, looks);
          const options = optionsOf(asked);
          const wide = () => beamSearch(decoder, source(), { ...options, ...ranksOf(asked), beam, nBest: beam });
          const wanted = Array.from({ length: BATCH }, (_, row) => beamOf(language, row, asked, beam, beam));
          if (wanted.includes(null)) expect(wide).toThrow(NOTHING);
          else wide().forEach((found, row) => expect(bare(found)).toEqual(bare(wanted[row] as Sentence[])));
          const one = Array.from({ length: BATCH }, (_, row) =>
            beamOf(language, row, { ...asked, coveragePenalty: 0, lengthPenalty: 0 }, 1, 1),
          );
          const greedy = () => greedySearch(decoder, source(), options);
          const cold = () => sample(decoder, source(), { ...options, key: key(seed), temperature: 0 });
          if (one.includes(null)) {
            seen.stuck++;
            for (const search of [greedy, cold]) expect(search).toThrow(NOTHING);
            return;
          }
          expect(bare(greedy())).toEqual(one.map((found) => bare(found ?? [])[0]));
          expect(cold().map(([found]) => found)).toEqual(greedy());
          for (const { ended } of greedy()) seen[ended ? 'ended' : 'cut']++;
        });
      }),
      all(300),
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5); // the rules lead everywhere
  });

  it('leave a row of its own prefix alone in a batch', () => {
    const language = spoken(3);
    const { decoder, source } = speaker(language, 3);
    const prefixes = [[3, 3], [], [0]];
    const found = beamSearch(decoder, source(), { ...base, prefix: prefixes, never: [3], beam: 60, nBest: 60 });
    prefixes.forEach((prefix, row) => {
      expect(bare(found[row] ?? [])).toEqual(bare(sentences(language, row, { ...free, never: [3], prefix }).slice(0, 60)));
    });
  });
});
