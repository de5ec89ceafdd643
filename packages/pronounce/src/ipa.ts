// Phones of ARPAbet, as the CMU Pronouncing Dictionary writes them, and their signs in the International Phonetic Alphabet.

const consonants: Readonly<Record<string, string>> = {
  B: 'b', CH: 'tʃ', D: 'd', DH: 'ð', F: 'f', G: 'ɡ', HH: 'h', JH: 'dʒ', K: 'k', L: 'l', M: 'm', N: 'n', NG: 'ŋ', P: 'p', R: 'ɹ', S: 's', SH: 'ʃ', T: 't',
  TH: 'θ', V: 'v', W: 'w', Y: 'j', Z: 'z', ZH: 'ʒ',
}; // biome-ignore format: a table

const vowels: Readonly<Record<string, string>> = {
  AA: 'ɑ', AE: 'æ', AH: 'ʌ', AO: 'ɔ', AW: 'aʊ', AY: 'aɪ', EH: 'ɛ', ER: 'ɝ', EY: 'eɪ', IH: 'ɪ', IY: 'i', OW: 'oʊ', OY: 'ɔɪ', UH: 'ʊ', UW: 'u',
}; // biome-ignore format: a table

/** Vowels that have a sign of their own without stress. */
const weak: Readonly<Record<string, string>> = { AH: 'ə', ER: 'ɚ' };

const marks = ['', 'ˈ', 'ˌ'];

/** What English syllables begin with, besides nothing and each single consonant but NG. */
const onsets = new Set(
  [
    'P L, P R, P Y, B L, B R, B Y, T R, T W, T Y, D R, D W, D Y, K L, K R, K W, K Y, G L, G R, G W, G Y, F L, F R, F Y, V Y, TH R, TH W, TH Y, SH R, HH W, HH Y',
    'M Y, N Y, L Y, Z Y, S P, S T, S K, S F, S M, S N, S L, S W, S Y, S P L, S P R, S P Y, S T R, S T Y, S K L, S K R, S K W, S K Y',
  ].flatMap((line) => line.split(', ')),
);

const isOnset = (some: readonly string[]) => some.length === 0 || (some.length === 1 && some[0] !== 'NG') || onsets.has(some.join(' '));

interface Phone {
  /** Without its stress. */
  readonly name: string;
  /** 0, 1 and 2; of consonants, and of vowels whose stress is not told, `undefined`. */
  readonly stress: number | undefined;
}

function phoneOf(text: unknown): Phone {
  const [, name = '', digit] = /^([A-Z]+)([012])?$/.exec(String(text)) ?? [];
  if (Object.hasOwn(consonants, name) ? digit !== undefined : !Object.hasOwn(vowels, name))
    throw new RangeError(`ipaOf: phones must be of ARPAbet, stress on vowels alone, got ${JSON.stringify(text)}`);
  return { name, stress: digit === undefined ? undefined : Number(digit) };
}

/**
 * The syllables of a word, as lists of its phones. A syllable begins with as many of the consonants before its vowel as English syllables can begin with
 * (the maximal onset principle): `M IH0 S T EY1 K` is `M IH0` and `S T EY1 K`.
 */
export function syllablesOf(phones: readonly string[]): string[][] {
  const names = phones.map((phone) => phoneOf(phone).name);
  const peaks = names.flatMap((name, i) => (name in vowels ? [i] : []));
  const starts = peaks.map((peak, i) => {
    if (i === 0) return 0;
    let start = (peaks[i - 1] as number) + 1;
    while (!isOnset(names.slice(start, peak))) start++;
    return start;
  });
  if (starts.length === 0) return phones.length > 0 ? [[...phones]] : [];
  return starts.map((start, i) => phones.slice(start, starts[i + 1]));
}

const signOf = ({ name, stress }: Phone): string => (stress === 0 ? weak[name] : undefined) ?? consonants[name] ?? (vowels[name] as string);

/** Phones in the International Phonetic Alphabet, General American: `S AH0 K AA1 D` is `səˈkɑd`. Marks of stress stand where the syllable begins. */
export function ipaOf(phones: readonly string[]): string {
  if (!Array.isArray(phones)) throw new TypeError(`ipaOf: phones must be a list of strings, got ${String(phones)}`);
  return syllablesOf(phones)
    .map((syllable) => {
      const some = syllable.map(phoneOf);
      const stress = some.find((phone) => phone.stress !== undefined)?.stress ?? 0;
      return marks[stress] + some.map(signOf).join('');
    })
    .join('');
}
