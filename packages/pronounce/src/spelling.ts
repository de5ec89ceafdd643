// What is typed as the letters that the model reads.

/** The most letters of a word. */
const LONGEST = 100;

/** Letters that are not a plain letter with a mark. */
const alike: Readonly<Record<string, string>> = {
  '’': "'", '‘': "'", '`': "'", ʼ: "'", ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i',
}; // biome-ignore format: a table

/** Marks of a sentence, which a word may come with: at its beginning, and at its end. */
const [opening, closing] = [/^[¡¿"“”„«»([{]+/, /[.,;:!?…"“”„«»)\]}]+$/];

/** A word in small letters, without the marks around it, and without the apostrophes that enclose it as quotes do; `'tis` and `dogs'` keep theirs. */
export function plainOf(word: string): string {
  const plain = [...word.trim().toLowerCase()].map((letter) => alike[letter] ?? letter).join('');
  return plain
    .replace(opening, '')
    .replace(closing, '')
    .replace(/^'(.*)'$/, '$1')
    .replace(closing, '');
}

/**
 * The parts of a word that are read one by one, in letters from a to z and apostrophes: capitals are small, accents and the marks of a sentence around it are left
 * out, hyphens, full stops and underscores divide. `Café-noir` has the parts `cafe` and `noir`.
 */
export function partsOf(word: string): string[] {
  if (typeof word !== 'string') throw new TypeError(`pronounce: word must be a string, got ${String(word)}`);
  const bare = plainOf(word)
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '');
  const told = JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}…` : word);
  if (/\s/.test(bare)) throw new RangeError(`pronounce: word must be one word, got ${told}`);
  const strange = [...bare.normalize('NFC')].find((letter) => !/[a-z'\-‐‑–—_.·]/.test(letter));
  if (strange !== undefined) {
    const hint = /\p{N}/u.test(strange) ? ' (numbers are to be written out)' : '';
    throw new RangeError(`pronounce: word must be of letters from a to z, with or without accents, got ${strange} in ${told}${hint}`);
  }
  const parts = bare.split(/[^a-z']+/).filter((part) => /[a-z]/.test(part));
  if (parts.length === 0) throw new RangeError(`pronounce: word must have a letter from a to z, got ${told}`);
  const letters = parts.reduce((sum, part) => sum + part.length, 0);
  if (letters > LONGEST) throw new RangeError(`pronounce: word must have at most ${LONGEST} letters, got ${letters} in ${told}`);
  return parts;
}

/** Whether a part is the letter A and not the article: in `U.S.A.` and `A-list`, but not in `vis-a-vis`. */
export const isLetterA = (parts: readonly string[], i: number): boolean =>
  parts[i] === 'a' && parts.length > 1 && (i === 0 || parts.every(({ length }) => length === 1));
