import { describe, expect, it } from 'vitest';
import { Alphabet } from '../../src/fronts/alphabet.ts';
import type { SaveReport } from '../../src/fronts/quality.ts';
import { Transducer } from '../../src/fronts/transducer.ts';
import type { TextPair } from '../../src/fronts/transducing.ts';
import { key } from '../../src/tensor/random.ts';
import { dice } from '../equations/plain.ts';

const letters = [...'abcdefghij'];

/** `ab:c` → `c-ab`: what stands on either side changes places. */
function pairsOf(count: number, seed: number): TextPair[] {
  const random = dice(seed);
  const word = (length: number) => Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join('');
  return Array.from({ length: count }, () => {
    const [left, right] = [word(1 + Math.floor(3 * random())), word(1)];
    return [`${left}:${right}`, `${right}-${left}`] as const;
  });
}

const pairs = pairsOf(240, 1);
const options = { width: 24, key: key(2), lexicon: [['ab:c', 'known'], ['ab:c', 'known too']] as const }; // biome-ignore format: one line
const front = await Transducer.fit(pairs, options);

describe('Transducer', () => {
  it('learns to convert what it never saw', async () => {
    const seen = new Set(pairs.map(([source]) => source));
    const fresh = pairsOf(60, 9).filter(([source]) => !seen.has(source) && source !== 'ab:c');
    const { exact, tokenErrorRate, sequences } = await front.evaluate(fresh);
    expect(exact).toBeGreaterThan(0.85);
    expect(tokenErrorRate).toBeLessThan(0.08);
    expect(sequences).toBe(new Set(fresh.map(([source]) => source)).size);
    expect(await front.evaluate([['hi:j', front.predict('hi:j').text], ['hi:j', 'x']])).toMatchObject({ exact: 1, sequences: 1 }); // biome-ignore format: one line
  });

  it('copies characters that no pair had', () => {
    const { text, symbols } = front.predict('ωb:a');
    expect(text).toContain('ω');
    expect([text, symbols.join('')]).toEqual([text, text]);
  });

  it('gives the n best, their probabilities, and where each character came from', () => {
    const { nBest, alignment, symbols, source, text, score, probability, from } = front.predict('fg:h', { beam: 4, nBest: 3 });
    expect(nBest.length).toBe(3);
    expect(nBest[0]).toEqual({ text, score, probability });
    nBest.forEach((one, i) => {
      expect(one.probability).toBeCloseTo(Math.exp(one.score), 6);
      if (i > 0) expect(one.score).toBeLessThanOrEqual(nBest[i - 1]?.score as number);
    });
    expect([from, source]).toEqual(['model', ['f', 'g', ':', 'h']]);
    expect(alignment?.length).toBe(symbols.length);
    for (const row of alignment ?? []) expect([row.length, expect.closeTo(row.reduce((a, b) => a + b), 4)]).toEqual([4, 1]); // biome-ignore format: one line
  });

  it('asks the lexicon first', async () => {
    expect(front.predict('ab:c')).toMatchObject({ text: 'known', probability: 1, from: 'lexicon', alignment: null });
    expect(front.predict('ab:c').nBest.map(({ text }) => text)).toEqual(['known', 'known too']);
    const all = await front.predictAll(['cd:e', 'ab:c', 'f:g']);
    expect(all.map(({ from }) => from)).toEqual(['model', 'lexicon', 'model']);
    expect(all[2]).toEqual(front.predict('f:g'));
  });

  it('is one file, from which it comes back whole, and the same bits again', async () => {
    const bytes = front.save();
    const loaded = await Transducer.load(bytes);
    expect(loaded.save()).toEqual(bytes);
    const told: SaveReport[] = [];
    front.save({ weights: 'int8', onMeasured: (report) => void told.push(report) });
    expect(told[0]?.exact?.loss).toBeCloseTo(front.report.heldOutLoss ?? 0, 4);
    expect(told[0]?.saved?.loss).not.toBe(told[0]?.exact?.loss);
    expect(told[0]?.saved?.loss).toBeCloseTo(told[0]?.exact?.loss ?? 0, 1);
    expect(told[0]?.exact?.accuracy).toBeGreaterThan(0);
    expect(loaded.predict('de:f')).toEqual(front.predict('de:f'));
    const few = { ...options, onProgress: ({ step }: { step: number }) => step < 4 };
    expect((await Transducer.fit(pairs, few)).save()).toEqual((await Transducer.fit(pairs, few)).save());
    await expect(Transducer.load(new Uint8Array(3))).rejects.toThrow(/^safetensors: /);
  });

  it('goes on with new pairs', async () => {
    const own = await Transducer.load(front.save());
    const score = () => own.predict('a:b', { beam: 30, nBest: 30 }).nBest.find(({ text }) => text === 'ba')?.score ?? -99;
    const before = score();
    await own.update([['a:b', 'ba']], { key: key(1) });
    expect(own.report).toMatchObject({ learnt: 1, heldOut: 0 });
    expect(score()).toBeGreaterThan(before + 1);
  });

  it('learns characters that it did not know', async () => {
    const own = await Transducer.load(front.save());
    const news = pairs.slice(0, 80).map(([source, target]): TextPair => [source.replace(':', '~'), `⟦${target}⟧`]);
    await own.update(news, { key: key(1) });
    const { text } = own.predict('fg~h', { beam: 1 });
    expect([text.at(0), text.at(-1)]).toEqual(['⟦', '⟧']);
    expect((await Transducer.load(own.save())).predict('fg~h', { beam: 1 }).text).toBe(text);
    await expect(own.update([['a', 'ω'.repeat(3)]], { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(own.predict('fg~h', { beam: 1 }).text).toBe(text);
  });

  it('has the characters of two pairs, and those of targets that could not be copied', () => {
    const symbols = (pairs: TextPair[]) => Alphabet.from(pairs).vocabulary.symbols.slice(4).join('');
    expect(symbols([['ab', 'b'], ['cb', 'b→'], ['d', 'd']])).toBe('b→'); // biome-ignore format: three pairs
    const alphabet = Alphabet.from([['ab', 'a'], ['ba', 'b']]); // biome-ignore format: two pairs
    expect(alphabet.grown([['a', 'b']])).toBe(alphabet);
    expect(alphabet.grown([['a', '!b'], ['z', 'z']]).vocabulary.symbols.slice(4)).toEqual(['a', 'b', '!']); // biome-ignore format: two pairs
  });

  it('numbers what is beyond the vocabulary by its place in the source', () => {
    const alphabet = Alphabet.from([['ab', 'a'], ['ba', 'b'], ['xa', 'a']]); // biome-ignore format: three pairs
    expect(alphabet.vocabulary.symbols.slice(4)).toEqual(['a', 'b']);
    const source = alphabet.readSource('ψaωψ');
    expect(source.tokens).toEqual([6, 4, 7, 6]);
    expect(alphabet.readTarget('ωbπ', source)).toEqual([7, 5, 3, 2]);
    expect(alphabet.write([7, 5, 3, 6], source)).toEqual(['ω', 'b', '\uFFFD', 'ψ']);
  });

  it.each<[string, unknown, string]>([
    ['no pair', [...pairs, 'ab'], "row 240 must be two strings, the first not empty, got 'ab'"],
    ['an empty source', [...pairs, ['', 'a']], 'row 240 must be two strings, the first not empty, got'],
    ['a number', [['a', 1], ...pairs], 'row 0 must be two strings, the first not empty, got'],
    ['no rows', [], 'rows must be a list of at least 2, got 0'],
  ])('names what is wrong with pairs: %s', async (_, wrong, message) => {
    await expect(Transducer.fit(wrong as TextPair[])).rejects.toThrow(`Transducer.fit: ${message}`);
  });

  it('names what else is wrong', async () => {
    expect(() => front.predict('')).toThrow("Transducer.predict: text must be a string that is not empty, got ''");
    expect(() => front.predict('a', { beam: 0 })).toThrow('Transducer.predict: beam must be a whole number from 1, got 0');
    await expect(front.predictAll(['a', 5 as never])).rejects.toThrow(
      'Transducer.predictAll: text 1 must be a string that is not empty, got 5',
    );
    await expect(front.predictAll(undefined as never)).rejects.toThrow('Transducer.predictAll: texts must be a list, got undefined');
    await expect(Transducer.fit(pairs, { lexicon: ['a'] as never })).rejects.toThrow(
      'Transducer.fit: lexicon must be a list of pairs of strings',
    );
    const stop = new AbortController();
    stop.abort();
    await expect(Transducer.fit(pairs, { signal: stop.signal })).rejects.toThrow('aborted');
  });
});
