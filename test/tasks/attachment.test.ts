import { describe, expect, it } from 'vitest';
import { bracketScores } from '../../src/metrics/index.ts';
import { attachmentLabels, attachmentParse, attachmentSentences, attachmentWords } from '../../src/tasks/index.ts';
import { key } from '../../src/tensor/index.ts';
import { bracketed, type ParseTree, spansOf, wordsOf } from '../../src/trees/index.ts';

/** A sentence with its brackets by hand: `(NP the man)NP`. */
const read = (text: string) => {
  const symbols = text.split(/\s+/).filter(Boolean);
  const words = symbols.filter((symbol) => !/^[()]/.test(symbol));
  return { words, symbols: symbols.map((symbol) => (/^[()]/.test(symbol) ? symbol : 'XX')).join(' ') };
};

/** How likely the rules of a tree are, as the grammar's description has them; words of one kind are equally likely and do not count. */
function shareOf(node: ParseTree, words: readonly string[], depth: number): number {
  const said = (child: ParseTree | number | undefined) => (typeof child === 'number' ? (words[child] as string) : '');
  const nodes = node.children.filter((child) => typeof child !== 'number') as ParseTree[];
  const [first, second] = nodes;
  const base = ({ children }: ParseTree) => (children.length === 2 ? 0.7 : 0.3);
  const less = Math.max(0, depth - 1);
  if (node.label === 'S') return shareOf(first as ParseTree, words, depth) * shareOf(second as ParseTree, words, depth);
  if (node.label === 'NP') {
    if (!first) return depth === 0 ? base(node) : 0.52 * base(node);
    if (depth === 0 || !second) return 0;
    if (second.label === 'NP') return 0.08 * base(first) * shareOf(second, words, less);
    const [link, what] = second.children as [number, ParseTree];
    if (said(link) === 'with')
      return /hat|beard|scar|uniform|necklace|limp|tail|crown/.test(said(what.children[1])) ? 0.2 * base(first) : 0;
    return 0.1 * base(first) * shareOf(what, words, less);
  }
  const verb = said(node.children[0]);
  if (/said|thought|believed|knew/.test(verb))
    return depth > 0 ? 0.15 * shareOf((first as ParseTree).children[1] as ParseTree, words, less) : 0;
  const phrases = nodes.filter(({ label }) => label === 'PP').map(({ children }) => said(children[0]));
  const after = (phrases.includes('with') ? 0.35 : 0.65) * (phrases.includes('in') ? 0.15 : 0.85);
  if (/slept|laughed|waited|sang/.test(verb)) return 0.2 * after;
  return (depth > 0 ? 0.65 : 0.8) * after * shareOf(first as ParseTree, words, less);
}

describe('attachment', () => {
  it.each([
    ['an attribute, of the noun', '(S (NP the man )NP (VP saw (NP (NP a dog )NP (PP with (NP a hat )NP )PP )NP )VP )S'],
    ['an instrument, of the verb', '(S (NP the man )NP (VP saw (NP a dog )NP (PP with (NP a telescope )NP )PP )VP )S'],
    ['a place, of the verb', '(S (NP the old man )NP (VP slept (PP in (NP the park )NP )PP )VP )S'],
    [
      'both, after an attribute',
      '(S (NP a man )NP (VP saw (NP (NP a cat )NP (PP with (NP a tail )NP )PP )NP (PP with (NP a rope )NP )PP (PP in (NP the barn )NP )PP )VP )S',
    ],
    ['a noun near a noun', '(S (NP (NP the man )NP (PP near (NP (NP the dog )NP (PP with (NP a scar )NP )PP )NP )PP )NP (VP sang )VP )S'],
    ['a sentence within', '(S (NP the man )NP (VP said (SBAR that (S (NP a dog )NP (VP slept )VP )S )SBAR )VP )S'],
    ['a clause of a noun', '(S (NP (NP the man )NP (SBAR that (VP saw (NP a dog )NP )VP )SBAR )NP (VP laughed )VP )S'],
    [
      'an instrument of the nearest of two verbs',
      '(S (NP the man )NP (VP saw (NP (NP a dog )NP (SBAR that (VP chased (NP a cat )NP (PP with (NP a rope )NP )PP )VP )SBAR )NP )VP )S',
    ],
    ['two nouns', '(S (NP the man )NP (VP saw (NP (NP a dog )NP and (NP a cat )NP )NP )VP )S'],
  ])('parses %s', (_, text) => {
    const { words, symbols } = read(text);
    expect(bracketed(attachmentParse(words) as ParseTree).join(' ')).toBe(symbols);
  });

  it('knows no other sentences, and refuses other words', () => {
    expect(attachmentParse(['the', 'man'])).toBeNull();
    expect(attachmentParse(['slept', 'the', 'man'])).toBeNull();
    expect(attachmentParse('the man saw a dog near the cat'.split(' '), { depth: 0 })).toBeNull();
    expect(() => attachmentParse(['unicorn'])).toThrow("attachmentParse: words must be of the grammar, got 'unicorn'");
  });

  it('lets phrases stand within phrases five times, or as often as it is told', () => {
    const within = (times: number) => `${'the man said that '.repeat(times)}a dog slept`.split(' ');
    const verbs = (tree: ParseTree | null) => spansOf(tree as ParseTree).filter(({ label }) => label === 'VP').length;
    expect(verbs(attachmentParse(within(5)))).toBe(6);
    expect(attachmentParse(within(6))).toBeNull();
    expect(verbs(attachmentParse(within(6), { depth: 6 }))).toBe(7);
    expect(attachmentParse(within(2), { depth: 1 })).toBeNull();
    expect(() => attachmentParse(within(1), { depth: -1 })).toThrow('attachmentParse: depth must be');
    expect(() => attachmentParse('a dog slept' as never)).toThrow('attachmentParse: words must be');
  });

  const drawn = attachmentSentences(key(5), { count: 500, depth: 2, maxLength: 14 });

  it('draws trees over their words, with the labels and words that are told', () => {
    for (const { words, tree } of drawn.slice(0, 200)) {
      expect(wordsOf(tree)).toEqual(words.map((_, i) => i));
      expect(words.length >= 4 && words.length <= 14).toBe(true);
      for (const { label } of spansOf(tree)) expect(attachmentLabels).toContain(label);
      for (const word of words) expect(attachmentWords).toContain(word);
    }
    expect(new Set(attachmentWords).size).toBe(attachmentWords.length);
    expect(attachmentSentences(key(5), { count: 3, depth: 2, maxLength: 14 })).toEqual(drawn.slice(0, 3));
    expect(attachmentSentences(key(6), { count: 3, depth: 2, maxLength: 14 })).not.toEqual(drawn.slice(0, 3));
  });

  it('finds trees exactly as likely as those drawn: what words leave open is even', () => {
    const some = attachmentSentences(key(9), { count: 300, depth: 3, minLength: 5, maxLength: 24 });
    let others = 0;
    for (const { words, tree } of some) {
      const found = attachmentParse(words, { depth: 3 }) as ParseTree;
      const [ours, drawn] = [found, tree].map((one) => shareOf(one, words, 3)) as [number, number];
      expect(ours / drawn).toBeCloseTo(1, 12);
      expect(drawn).toBeGreaterThan(0);
      if (JSON.stringify(found) !== JSON.stringify(tree)) others++;
    }
    expect(others).toBeGreaterThan(2);
  });

  it('has a ceiling below 100 %, since a verb within another leaves open whose instrument it is', () => {
    const { f1, exact } = bracketScores(
      drawn.map(({ words }) => attachmentParse(words, { depth: 2 })),
      drawn.map(({ tree }) => tree),
    );
    expect(f1).toBeGreaterThan(0.97);
    expect(f1).toBeLessThan(1);
    expect(exact).toBeGreaterThan(0.9);
  });

  it('refuses lengths that no sentence has', () => {
    expect(() => attachmentSentences(key(1), { count: 1, minLength: 6 })).toThrow('minLength must be at most 5 and maxLength');
    expect(() => attachmentSentences(key(1), { count: 1, minLength: 1, maxLength: 2 })).toThrow('and maxLength at least 4, got 1 and 2');
  });
});
