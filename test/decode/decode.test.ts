// Searches against every sentence of a small language.
import { describe, expect, it } from 'vitest';
import { type BeamOptions, beamSearch } from '../../src/decode/beam.ts';
import { greedySearch } from '../../src/decode/lines.ts';
import { at, logSoftmax } from '../equations/plain.ts';
import { base, beamOf, drawn, END, type Language, type Sentence, sentences, speaker } from '../models/language.ts';

const bare = (found: readonly Sentence[]) => found.map(({ tokens, ended }) => ({ tokens, ended }));
const never = [1];

describe('beam search', () => {
  it.each([
    [0, []],
    [0.6, []],
    [1.5, never],
  ])('is exhaustive where the beam is as wide as the language (length penalty %f, never %j)', (lengthPenalty, barred) => {
    for (let seed = 0; seed < 8; seed++) {
      const language = drawn(seed);
      const { decoder, source } = speaker(language, 2);
      const options = { ...base, batch: 2, beam: 300, nBest: 10, lengthPenalty, never: barred };
      const first = beamSearch(decoder, source(), { ...options, nBest: 1 });
      beamSearch(decoder, source(), options).forEach((found, row) => {
        expect(first[row]).toEqual(found.slice(0, 1));
        const wanted = sentences(language, row, options).slice(0, 10);
        expect(bare(found)).toEqual(bare(wanted));
        found.forEach(({ score, logProbability }, i) => {
          expect(score).toBeCloseTo(wanted[i]?.score as number, 5);
          expect(logProbability).toBeCloseTo(wanted[i]?.logProbability as number, 5);
        });
      });
    }
  });

  it.each([2, 3, 5])('of width %i keeps the best continuations of all its hypotheses', (beam) => {
    let other = 0;
    for (let seed = 0; seed < 40; seed++) {
      const language = drawn(seed);
      const { decoder, source } = speaker(language, 3);
      const options = { ...base, beam, nBest: beam, maxLength: 6, lengthPenalty: seed % 2, never: seed % 3 ? [] : never };
      beamSearch(decoder, source(), options).forEach((found, row) => {
        const wanted = beamOf(language, row, options);
        expect(bare(found), `seed ${seed}, row ${row}`).toEqual(bare(wanted));
        other += Number(found[0]?.tokens.join() !== beamOf(language, row, { ...options, beam: 1, nBest: 1 })[0]?.tokens.join());
      });
    }
    expect(other).toBeGreaterThan(5);
  });

  it('of width 1 is greedy search, which takes the likeliest token, the smaller one of two', () => {
    for (let seed = 0; seed < 40; seed++) {
      const language = drawn(seed, seed % 2 ? 3 : undefined);
      const { decoder, source } = speaker(language, 3);
      const options = { ...base, never: seed % 3 ? [] : never };
      const greedy = greedySearch(decoder, source(), options);
      expect(beamSearch(decoder, source(), options).map(([first]) => first)).toEqual(greedy);
      greedy.forEach(({ tokens, logProbability, score, ended, trace }, row) => {
        const written: number[] = [];
        let sum = 0;
        while (written.length < base.maxLength && written.at(-1) !== END) {
          const logits = language(row, written).map((x, token) => (options.never.includes(token) ? Number.NEGATIVE_INFINITY : x));
          const token = logits.indexOf(Math.max(...logits));
          sum += at(logSoftmax(language(row, written)), token);
          written.push(token);
        }
        expect(ended ? [...tokens, END] : tokens).toEqual(written);
        expect(logProbability).toBeCloseTo(sum, 5);
        expect(score).toBe(logProbability);
        expect(trace.map((seen) => Array.from(seen))).toEqual(tokens.map((_, t) => [row, t]));
      });
    }
  });

  it('finds more with a wider beam, and never less', () => {
    let better = 0;
    for (let seed = 0; seed < 30; seed++) {
      const { decoder, source } = speaker(drawn(seed), 3);
      const narrow = beamSearch(decoder, source(), { ...base, maxLength: 6 });
      const wide = beamSearch(decoder, source(), { ...base, maxLength: 6, beam: 64 });
      wide.forEach(([first], row) => {
        const gain = (first?.score ?? 0) - (narrow[row]?.[0]?.score ?? 0);
        expect(gain).toBeGreaterThanOrEqual(0);
        if (gain > 0) better++;
      });
    }
    expect(better).toBeGreaterThan(10);
  });

  it('keeps the trace of each token and reorders the state with the hypotheses', () => {
    const { decoder, source } = speaker(drawn(5), 3);
    for (const list of beamSearch(decoder, source(), { ...base, beam: 5, nBest: 3 }).entries()) {
      for (const { tokens, trace } of list[1]) {
        expect(trace.map((row) => Array.from(row))).toEqual(tokens.map((_, t) => [list[0], t]));
      }
    }
  });

  it('stops where what it has cannot be overtaken', () => {
    const shut = Number.NEGATIVE_INFINITY;
    const { decoder, source } = speaker((_, before) => (before.length === 0 ? [0, shut, 0, shut] : [0, shut, shut, shut]), 1);
    let steps = 0;
    const counted: typeof decoder = {
      ...decoder,
      step: (...given) => {
        steps++;
        return decoder.step(...given);
      },
    };
    // One sentence has ended with ½; the other, of ½ too, may stay as likely and never becomes likelier.
    expect(beamSearch(counted, source(), { ...base, batch: 1, beam: 2 })[0]?.map(({ tokens }) => tokens)).toEqual([[]]);
    expect(steps).toBe(1);
    beamSearch(counted, source(), { ...base, batch: 1, beam: 2, nBest: 2 });
    expect(steps).toBe(1 + base.maxLength);
  });

  it('returns what is possible and no more', () => {
    const [open, shut] = [0, Number.NEGATIVE_INFINITY];
    const two: Language = (_, before) => (before.length < 1 ? [open, shut, shut, open] : [shut, shut, open, shut]);
    const { decoder, source } = speaker(two, 2);
    for (const found of beamSearch(decoder, source(), { ...base, batch: 2, beam: 4, nBest: 4 })) {
      expect(found.map(({ tokens, ended }) => ({ tokens, ended }))).toEqual([
        { tokens: [0], ended: true },
        { tokens: [3], ended: true },
      ]);
      for (const { logProbability } of found) expect(logProbability).toBeCloseTo(-Math.LN2, 6);
    }
  });
});

describe('ties', () => {
  const shut = Number.NEGATIVE_INFINITY;
  const found = (language: Language, options: Partial<BeamOptions>) => {
    const { decoder, source } = speaker(language, 1);
    return beamSearch(decoder, source(), { ...base, batch: 1, ...options })[0]?.map(({ tokens }) => tokens);
  };

  it('go to the smaller token', () => {
    expect(found(() => [1, shut, shut, 1], { maxLength: 1 })).toEqual([[0]]);
    expect(found(() => [1, 1, shut, 1], { maxLength: 1, beam: 3, nBest: 3 })).toEqual([[0], [1], [3]]);
    expect(found(() => [0, 1, shut, 1], { maxLength: 1, beam: 2, nBest: 2 })).toEqual([[1], [3]]);
  });

  it('go to the hypothesis whose beginning ranked higher, whatever its next token', () => {
    const language: Language = (_, before) => {
      if (before.length === 0) return [0, shut, shut, 0];
      return before[0] === 0 ? [shut, shut, shut, 0] : [5, shut, shut, shut];
    };
    expect(found(language, { maxLength: 2, beam: 2, nBest: 2 })).toEqual([
      [0, 3],
      [3, 0],
    ]);
    expect(found(language, { maxLength: 2, beam: 2 })).toEqual([[0, 3]]);
  });

  it('go to the hypothesis that ended first', () => {
    const language: Language = (_, before) => (before.length === 0 ? [0, shut, 0, shut] : [shut, shut, 0, shut]);
    expect(found(language, { beam: 2, nBest: 2 })).toEqual([[], [0]]);
    expect(found(language, { beam: 2 })).toEqual([[]]);
  });

  it('of rounding go to the greater logit', () => {
    // log-softmax in float32 cannot tell 0 from 1e-9.
    for (const logits of [
      [0, 0, shut, 1e-9],
      [0, 1e-9, shut, 0],
    ]) {
      const most = logits.indexOf(1e-9);
      expect(found(() => logits, { maxLength: 1 })).toEqual([[most]]);
      const { decoder, source } = speaker(() => logits, 1);
      expect(greedySearch(decoder, source(), { ...base, batch: 1, maxLength: 1 })[0]?.tokens).toEqual([most]);
    }
  });
});
