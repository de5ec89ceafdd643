import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { hashSplit } from 'saccade';
import { describe, expect, it } from 'vitest';
import { withFigures } from '../../examples/recipes/pronounce/readme.ts';
import { pronounceStress } from '../../examples/recipes/pronounce/stress.ts';
import { keptOf } from '../../examples/runner/results.ts';
import { ipaOf, Pronouncer, pronounce, syllablesOf } from '../../packages/pronounce/src/index.ts';
import { read, root } from '../conventions/source.ts';

const speaker = await Pronouncer.load();
const alone = await Pronouncer.load({ exceptions: false });
const phonesOf = (word: string) => speaker.pronounce(word).phones.join(' ');
const heldOut: Record<string, string> = JSON.parse(read('test/packages/held-out.json'));

/** Changes, additions and removals that make one list the other: the recurrence of Wagner and Fischer 1974. */
function edits(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  a.forEach((x, i) => {
    const next = [i + 1];
    b.forEach((y, j) => next.push(Math.min((row[j + 1] as number) + 1, (next[j] as number) + 1, (row[j] as number) + (x === y ? 0 : 1))));
    row = next;
  });
  return row[b.length] as number;
}

describe('pronounce', () => {
  it.each([
    ['cat', 'K AE1 T', 'ˈkæt'],
    ['attention', 'AH0 T EH1 N SH AH0 N', 'əˈtɛnʃən'],
    ['computer', 'K AH0 M P Y UW1 T ER0', 'kəmˈpjutɚ'],
    ['machine', 'M AH0 SH IY1 N', 'məˈʃin'],
    ['photography', 'F AH0 T AA1 G R AH0 F IY0', 'fəˈtɑɡɹəfi'],
    ['knight', 'N AY1 T', 'ˈnaɪt'],
  ])('says %s', async (word, phones, ipa) => {
    const said = await pronounce(word);
    expect([said.phones.join(' '), said.ipa]).toEqual([phones, ipa]);
  });

  it('says words that were held out, without its list, about as well as its README tells', () => {
    const words = Object.entries(heldOut);
    expect(words.filter(([word]) => hashSplit(word, [0.9, 0.05, 0.05]) !== 2)).toEqual([]);
    let [wrong, off, phones] = [0, 0, 0];
    for (const [word, listed] of words) {
      const [truth, said] = [listed.split(' '), alone.pronounce(word).phones];
      const distance = edits(said, truth);
      [wrong, off, phones] = [wrong + Math.sign(distance), off + distance, phones + truth.length];
    }
    const [words_, phones_] = (keptOf(pronounceStress)?.rows ?? []).map(({ ours }) => (ours[0] as number) / 100) as [number, number];
    expect(wrong / words.length).toBeLessThan(1.5 * words_);
    expect(off / phones).toBeLessThan(1.5 * phones_);
    expect(off).toBeGreaterThan(0);
  });

  it('tells the next best, how sure it is, and where it looked', () => {
    const said = alone.pronounce('phonetics', { nBest: 3 });
    expect(said.nBest).toHaveLength(3);
    expect(said.nBest[0]).toEqual({ phones: said.phones, ipa: said.ipa, probability: said.probability });
    const sure = said.nBest.map(({ probability }) => probability);
    expect(sure).toEqual(sure.toSorted((a, b) => b - a));
    expect(sure[0]).toBeGreaterThan(0.1);
    expect(sure.reduce((a, b) => a + b)).toBeLessThan(1);
    expect(said.letters.join('')).toBe('phonetics');
    expect(said.alignment?.length).toBe(said.phones.length);
    for (const row of said.alignment ?? []) {
      expect(row.length).toBe(9);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    }
    const n = said.alignment?.[said.phones.indexOf('N')] ?? new Float32Array(9);
    expect(n.indexOf(Math.max(...n))).toBe(3);
  });

  it('reads capitals, accents and marks away, and parts between hyphens one by one', () => {
    expect(phonesOf('Café')).toBe(phonesOf('cafe'));
    expect(phonesOf(' MACHINE ')).toBe(phonesOf('machine'));
    expect(phonesOf('don’t')).toBe(phonesOf("don't"));
    expect(phonesOf('ﬁne')).toBe(phonesOf('fine'));
    for (const marked of ['machine,', '“machine”', '(Machine!)', "'machine'.", '‘machine’', '¿machine?'])
      expect(alone.pronounce(marked).letters.join('')).toBe('machine');
    const said = alone.pronounce('cat-like', { nBest: 2 });
    expect(said.phones.join(' ')).toBe([...alone.pronounce('cat').phones, ...alone.pronounce('like').phones].join(' '));
    expect(said.probability).toBeCloseTo(alone.pronounce('cat').probability * alone.pronounce('like').probability, 6);
    expect(said.alignment?.map((row) => row.length)).toEqual(said.phones.map(() => 7));
    expect(said.alignment?.[0]?.slice(3).every((weight) => weight === 0)).toBe(true);
    expect(said.nBest).toHaveLength(2);
    expect(alone.pronounce('antidisestablishmentarianism').phones.length).toBeGreaterThan(20);
    for (const beam of [1, 4, 32])
      expect(speaker.pronounce('pneumonoultramicroscopicsilicovolcanoconiosis', { beam }).phones.length).toBeGreaterThan(20);
    expect(speaker.pronounce('a'.repeat(100)).phones.length).toBeGreaterThan(0);
  });

  it.each<[unknown, string]>([
    ['', 'word must have a letter from a to z, got ""'],
    [' - ', 'word must have a letter from a to z, got " - "'],
    ["''", 'word must have a letter from a to z'],
    ['new york', 'word must be one word, got "new york"'],
    ['@home', 'got @ in "@home"'],
    ['…', 'word must have a letter from a to z, got "…"'],
    ['c4t', 'word must be of letters from a to z, with or without accents, got 4 in "c4t" (numbers are to be written out)'],
    ['½', 'got 1 in "½" (numbers'],
    ['ключ', 'got к in "ключ"'],
    ['🙂', 'got 🙂 in "🙂"'],
    ['a'.repeat(101), 'word must have at most 100 letters, got 101'],
    [7, 'word must be a string, got 7'],
    [null, 'word must be a string, got null'],
    [undefined, 'word must be a string, got undefined'],
  ])('says what it cannot read: %o', async (word, message) => {
    expect(() => speaker.pronounce(word as string)).toThrow(`pronounce: ${message.startsWith('word') ? message : ''}`);
    await expect(pronounce(word as string)).rejects.toThrow(message);
  });

  it('names options that are wrong', async () => {
    expect(() => speaker.pronounce('cat', { nBest: 0 })).toThrow('pronounce: nBest must be a whole number from 1 to 100, got 0');
    expect(() => speaker.pronounce('cat', { best: 1 } as object)).toThrow('pronounce: options must be among nBest, beam, got best');
    expect(() => speaker.pronounce('cat', null as never)).toThrow('pronounce: options must be an object, got null');
    await expect(pronounce('cat', { exceptions: 1 as never })).rejects.toThrow('pronounce: exceptions must be true or false, got 1');
    await expect(Pronouncer.load({ lexicon: 'cat' as never })).rejects.toThrow('pronounce: lexicon must be an object or a Map, got cat');
  });
});

describe('a lexicon', () => {
  const entries = { gif: 'JH IH1 F # peace', 'gif(2)': 'G IH1 F', bad: 'B X D', 'x-ray': 'EH1 K S R EY2', tomato: 'T AH M EY1 T OW' };

  it.each([
    ['object', entries],
    ['Map', new Map(Object.entries(entries))],
  ])('speaks first, as an %s', async (_, lexicon) => {
    const own = await Pronouncer.load({ lexicon });
    expect(own.pronounce('GIF', { nBest: 3 })).toMatchObject({
      ...{ phones: ['JH', 'IH1', 'F'], ipa: 'ˈdʒɪf', probability: 1, from: 'lexicon', alignment: null },
      nBest: [{ ipa: 'ˈdʒɪf' }, { ipa: 'ˈɡɪf' }],
    });
    for (const word of ['x-ray', '“X-ray,”', 'X-ray’s']) expect(own.pronounce(word).ipa).toMatch(/^ˈɛksˌɹeɪz?$/);
    expect(own.pronounce('gif-zib')).toMatchObject({ from: 'model', alignment: null });
    expect(own.pronounce('gif-through').from).toBe('exceptions');
    expect(own.pronounce('gif-gif').from).toBe('lexicon');
    expect(own.pronounce('through-zib').from).toBe('model');
    expect(own.pronounce('tomato').ipa).toBe('tʌˈmeɪtoʊ');
    expect(own.pronounce('GIF’s')).toMatchObject({ ipa: 'ˈdʒɪfs', from: 'lexicon' });
    for (const word of ['zib', 'valueof', 'toString']) expect(own.pronounce(word).from).toBe('model');
    expect(() => own.pronounce('bad')).toThrow('pronounce: lexicon must have phones of ARPAbet, got "B X D" of bad');
  });
});

describe('IPA', () => {
  // As dictionaries of American English mark them.
  it.each([
    ['M IH0 S T EY1 K', 'mɪˈsteɪk'],
    ['IH0 K S K L EY1 M', 'ɪkˈskleɪm'],
    ['P R AH0 N AH2 N S IY0 EY1 SH AH0 N', 'pɹəˌnʌnsiˈeɪʃən'],
    ['S IH1 NG ER0', 'ˈsɪŋɚ'],
    ['B ER1 D', 'ˈbɝd'],
    ['AE1 T L AH0 S', 'ˈætləs'],
    ['EH2 N JH AH0 N IH1 R', 'ˌɛndʒəˈnɪɹ'],
    ['AH0 B Y UW1 Z', 'əˈbjuz'],
    ['AH0 N Y UW1', 'əˈnju'],
    ['IH0 NG G R EY1 V', 'ɪŋˈɡɹeɪv'],
    ['HH W AY1', 'ˈhwaɪ'],
    ['T UW1 TH B R AH2 SH', 'ˈtuθˌbɹʌʃ'],
    ['M M', 'mm'],
    ['K AE T', 'kæt'],
    ['Y UW0 R OW2 P IY1 AH0 N', 'juˌɹoʊˈpiən'],
    ['V OY1 AH0 JH', 'ˈvɔɪədʒ'],
    ['TH R UW0 AW1 T', 'θɹuˈaʊt'],
    ['DH AH0 ZH AA1 N R AH0', 'ðəˈʒɑnɹə'],
  ])('of %s', (phones, ipa) => expect(ipaOf(phones.split(' '))).toBe(ipa));

  it('has a syllable for each vowel, and all phones in order', () => {
    for (const phones of [...Object.values(heldOut), 'S T R EH1 NG K TH S'].map((line) => line.split(' '))) {
      const syllables = syllablesOf(phones);
      expect(syllables.flat()).toEqual(phones);
      expect(syllables.map((one) => one.filter((phone) => /\d/.test(phone)).length)).toEqual(syllables.map(() => 1));
    }
    expect(ipaOf([])).toBe('');
  });

  it.each([['Q'], ['B1'], ['AH3'], [''], ['ah0'], ['constructor']])('refuses %o', (phone) => {
    expect(() => ipaOf([phone])).toThrow(`ipaOf: phones must be of ARPAbet, stress on vowels alone, got ${JSON.stringify(phone)}`);
  });
});

describe('the package', () => {
  const place = join(root, 'packages/pronounce');

  it('is under 1 MB compressed, with its weights', () => {
    const files = readdirSync(join(place, 'dist'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const bytes = files.map((entry) => gzipSync(readFileSync(join(entry.parentPath, entry.name))).length);
    expect(bytes.reduce((a, b) => a + b)).toBeLessThan(980_000);
    expect(bytes.length).toBeGreaterThan(10);
  });

  it('has the figures that the training measured', () => {
    const result = keptOf(pronounceStress);
    const readme = read('packages/pronounce/README.md');
    expect(result && withFigures(readme, result)).toBe(readme);
  });

  it('has a README whose code runs, as it stands, in Node', () => {
    const blocks = [...read('packages/pronounce/README.md').matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
    expect(blocks).toHaveLength(2);
    const told = blocks.map((code) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: place, encoding: 'utf8' }),
    );
    expect(told).toEqual(['TH R UW1 ˈθɹu exceptions\n', '']);
  });
});
