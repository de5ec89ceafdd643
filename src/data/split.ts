import { isList, isText } from '../tensor/check.ts';

/**
 * FNV-1a of 32 bits over a string's UTF-8 bytes (Fowler, Noll and Vo; offset basis 2166136261, prime 16777619).
 * Test vectors: `''` 0x811c9dc5, `'a'` 0xe40c292c, `'foobar'` 0xbf9cf968.
 */
export function fnv1a(text: string): number {
  isText('fnv1a', 'text', text);
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * The part to which a word belongs, by its hash alone: other words, their order and keys do not change it. `fractions` are the parts'
 * shares of all words and sum to 1; the result is an index into them.
 *
 * The hash is FNV-1a, mixed by murmur3's finaliser (Appleby 2011), since FNV-1a's high bits hardly vary between short words.
 */
export function hashSplit(word: string, fractions: readonly number[]): number {
  isText('hashSplit', 'word', word);
  isList('hashSplit', 'fractions', fractions);
  const sum = fractions.reduce((a, b) => a + b, 0);
  if (fractions.length === 0 || fractions.some((share) => !(share >= 0)) || Math.abs(sum - 1) > 1e-9) {
    throw new RangeError(`hashSplit: fractions must be from 0 and sum to 1, got [${fractions.join(', ')}]`);
  }
  const place = mix(fnv1a(word)) / 2 ** 32;
  let end = 0;
  for (const [part, share] of fractions.entries()) {
    end += share;
    if (place < end) return part;
  }
  return fractions.findLastIndex((share) => share > 0);
}

function mix(hash: number): number {
  const a = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b ^ (b >>> 16)) >>> 0;
}
