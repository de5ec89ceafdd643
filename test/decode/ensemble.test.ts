import { describe, expect, it } from 'vitest';
import { beamSearch } from '../../src/decode/beam.ts';
import { ensemble } from '../../src/decode/ensemble.ts';
import { logSoftmax } from '../equations/plain.ts';
import { base, drawn, type Language, sentences, speaker } from '../models/language.ts';

describe('an ensemble', () => {
  it('writes what is likeliest by the mean of its members’ log-probabilities, and looks where they look on average', () => {
    let other = 0;
    for (let seed = 0; seed < 8; seed++) {
      const languages = [drawn(seed), drawn(seed + 100), drawn(seed + 200)];
      const mean: Language = (row, before) => {
        const all = languages.map((language) => logSoftmax(language(row, before)));
        return (all[0] ?? []).map((_, token) => all.reduce((sum, one) => sum + (one[token] as number), 0) / all.length);
      };
      const members = languages.map((language, i) => speaker(language, 3, (row, before) => [row, before.length + 3 * i]));
      const together = ensemble(members.map(({ decoder }) => decoder));
      const options = { ...base, beam: 300, nBest: 5 };
      const found = beamSearch(together, { each: members.map(({ source }) => source()) }, options);
      found.forEach((best, row) => {
        const wanted = sentences(mean, row, options).slice(0, 5);
        expect(best.map(({ tokens, ended }) => ({ tokens, ended }))).toEqual(wanted.map(({ tokens, ended }) => ({ tokens, ended })));
        best.forEach(({ logProbability, trace }, i) => {
          expect(logProbability).toBeCloseTo(wanted[i]?.logProbability as number, 5);
          expect(trace.map((look) => Array.from(look))).toEqual(trace.map((_, t) => [row, t + 3]));
        });
        other += Number(wanted[0]?.tokens.join() !== sentences(languages[0] as Language, row, options)[0]?.tokens.join());
      });
    }
    expect(other).toBeGreaterThan(5);
  });

  it('has members, and a source of each', () => {
    const { decoder, source } = speaker(drawn(1), 3);
    expect(() => ensemble([])).toThrow('ensemble: members must be decoders, at least one, got []');
    expect(() => beamSearch(ensemble([decoder, decoder]), { each: [source()] }, base)).toThrow(
      "ensemble: source must have each of 2 members', got 1",
    );
  });
});
