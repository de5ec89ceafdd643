// Converts words as people type them to the letters that the models read.

/** Letters that are not a plain letter with a mark. */
const alike: Readonly<Record<string, string>> = {
  '’': "'",
  '‘': "'",
  '`': "'",
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** How a word is read. */
export interface Spelling {
  /** Lower case, without accents, spaces, hyphens and full stops. */
  word: string;
  /** Characters that cannot be read. */
  strange: string[];
}

/** The letters of a typed word: `Café-Noir` is read as `cafenoir`. */
export function spelled(typed: string, letters: { has(letter: string): boolean }): Spelling {
  const plain = [...typed.toLowerCase()].map((letter) => alike[letter] ?? letter).join('');
  const bare = plain.normalize('NFD').replace(/[\p{M}\s.\-‐‑–—·_]/gu, '');
  const all = [...bare.normalize('NFC')];
  return {
    word: all.filter((letter) => letters.has(letter)).join(''),
    strange: [...new Set(all.filter((letter) => !letters.has(letter)))],
  };
}
