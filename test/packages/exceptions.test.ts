import { dictionary } from 'cmu-pronouncing-dictionary';
import { describe, expect, it } from 'vitest';
import { candidates } from '../../examples/recipes/pronounce/exceptions.ts';
import { lengthOf } from '../../examples/recipes/pronounce/readme.ts';
import { excepted } from '../../packages/pronounce/src/exceptions.ts';
import { Pronouncer, pronounce } from '../../packages/pronounce/src/index.ts';
import { read } from '../conventions/source.ts';

const speaker = await Pronouncer.load();
const alone = await Pronouncer.load({ exceptions: false });

/** The words that come to mind first. */
const FIRST = `the be to of and a in that have I it for not on with he as you do at this but his by from they we say her she or an will my one all would there their what
so up out if about who get which go me when make can like time no just him know take people into year your good some could them see other than then now look only come
its over think also back after use two how our work first well way even new want because any these give day most us is are was were has had been said did does through
though enough women friend colonel hello okay tomorrow Wednesday February queue choir island tongue don't can't won't I'm it's that's you're we've isn't o'clock`;

describe('the list of exceptions', () => {
  const lines = read('packages/pronounce/exceptions.txt');
  const entries = lines.trimEnd().split('\n').map((line) => /^([a-z']+) (.+)$/.exec(line)?.slice(1) as [string, string]); // biome-ignore format: one call
  const firstOf = (word: string) => (dictionary[word.toLowerCase()] ?? '').replace(/ *#.*/, '');

  it.each(FIRST.split(/\s+/))('makes %s what the dictionary says', (word) => {
    const [said, own] = [speaker.pronounce(word), alone.pronounce(word)];
    expect(said.phones.join(' ')).toBe(firstOf(word));
    expect(own.from).toBe('model');
    expect(said.from).toBe(own.phones.join(' ') === firstOf(word) ? 'model' : 'exceptions');
  });

  it('has, each once and in order, words that the model says otherwise, as the dictionary says them', () => {
    const words = entries.map(([word]) => word);
    expect(words).toEqual([...new Set(words)].sort());
    for (const [word, ways] of entries) {
      const variants = [2, 3, 4, 5, 6].flatMap((n) => dictionary[`${word}(${n})`] ?? []);
      expect(ways.split(', '), word).toEqual([...new Set([firstOf(word), ...variants.map((way) => way.replace(/ *#.*/, ''))])]);
    }
    const some = entries.filter((_, i) => i % 200 === 7);
    expect(some.length).toBeGreaterThan(40);
    for (const [word, ways] of some) expect(ways.split(', ')[0], word).not.toBe(alone.pronounce(word).phones.join(' '));
  });

  it('finds each of its words, and none that it does not have', () => {
    const plain = new Map(entries);
    for (const word of plain.keys()) {
      for (const asked of [word, `${word}'`, word.slice(0, -1), `${word}a`, `${word}~`, `'${word}`])
        expect(excepted(lines, asked).map((way) => way.join(' ')).join(', '), asked).toBe(plain.get(asked) ?? ''); // biome-ignore format: one line
    }
    expect([excepted('', 'a'), excepted('b B IY1\n', 'a'), excepted('b B IY1\n', 'c'), excepted('b B IY1\n', '')]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(excepted('a AH0, EY1\n', 'a')).toEqual([['AH0'], ['EY1']]);
  });

  it('is of frequent words and contractions', () => {
    const known = new Map(['b', 'a', "b's", "zed's", "don't", "bees'", 'zed'].map((word) => [word, { word, pronunciations: [] }]));
    expect(candidates(['a', 'c', 'b'], known).map(({ entry, rank }) => [entry.word, rank])).toEqual([
      ['a', 0],
      ['b', 2],
      ["b's", Number.POSITIVE_INFINITY],
      ["don't", Number.POSITIVE_INFINITY],
    ]);
  });

  it('gives all ways, probability 1 and no alignment', () => {
    expect(speaker.pronounce('Through')).toMatchObject({
      word: 'Through',
      ipa: 'ˈθɹu',
      from: 'exceptions',
      probability: 1,
      alignment: null,
    });
    expect(speaker.pronounce('either', { nBest: 5 }).nBest.map(({ ipa }) => ipa)).toEqual(['ˈiðɚ', 'ˈaɪðɚ']);
  });

  it.each([
    ['through’s', 'ˈθɹuz'],
    ["women's", 'ˈwɪmənz'],
    ["queue's", 'ˈkjuz'],
    ["tongue's", 'ˈtʌŋz'],
    ["church's", 'ˈtʃɝtʃɪz'],
    ["beige's", 'ˈbeɪʒɪz'],
    ["cough's", 'ˈkɑfs'],
    ["colonels'", 'ˈkɝnəlz'],
    ['U.S.A.', 'ˈjuˈɛˈseɪ'],
    ['A-list', 'ˈeɪˈlɪst'],
    ['vis-a-vis', 'ˈvɪsəˈvɪs'],
  ])('says %s', async (word, ipa) => {
    const lexicon = {
      church: 'CH ER1 CH',
      beige: 'B EY1 ZH',
      cough: 'K AA1 F',
      colonels: 'K ER1 N AH0 L Z',
      vis: 'V IH1 S',
      queue: 'K Y UW1',
    };
    expect((await pronounce(word, { lexicon })).ipa).toBe(ipa);
  });

  it('is as long as the README says', () => expect(read('packages/pronounce/README.md')).toContain(lengthOf(lines)));
});
