/** Behind these an `s` is a syllable of its own, and behind those it is voiceless. */
const [hissing, voiceless] = [/^(?:S|Z|SH|ZH|CH|JH)$/, /^(?:P|T|K|F|TH)$/];

function ending(phones: readonly string[]): string[] {
  const last = phones.at(-1) ?? '';
  if (hissing.test(last)) return ['IH0', 'Z'];
  return [voiceless.test(last) ? 'S' : 'Z'];
}

/** The ways to say a word that is listed, or whose possessive it is: `saccade's` and `saccades'` need no line beside `saccade` and `saccades`. */
export function withPossessives(find: (word: string) => string[][], word: string): string[][] {
  const own = find(word);
  const [, base = '', s] = (own.length === 0 && /^(.+)'(s?)$/.exec(word)) || [];
  if (s === 's') return find(base).map((phones) => [...phones, ...ending(phones)]);
  return base.endsWith('s') ? find(base) : own;
}
