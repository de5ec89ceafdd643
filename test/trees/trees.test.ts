import { describe, expect, it } from 'vitest';
import {
  bracketed,
  bracketSymbols,
  dependenciesOf,
  dependencyTree,
  type ParseTree,
  spansOf,
  treeFrom,
  wordsOf,
} from '../../src/trees/index.ts';

const tree = (label: string, ...children: (ParseTree | number)[]): ParseTree => ({ label, children });
const sentence = tree('S', tree('NP', 0, 1), tree('VP', 2, tree('NP', tree('NP', 3))));
const written = '(S (NP XX XX )NP (VP XX (NP (NP XX )NP )NP )VP )S';

/** A tree as its own symbols, for short: 'S[NP[0 1] …]'. */
const short = ({ label, children }: ParseTree): string =>
  `${label}[${children.map((child) => (typeof child === 'number' ? child : short(child))).join(' ')}]`;

describe('brackets', () => {
  it('write a tree depth first, with its ends labelled', () => {
    expect(bracketed(sentence).join(' ')).toBe(written);
    expect(bracketSymbols(['S', 'NP'])).toEqual(['XX', '(S', ')S', '(NP', ')NP']);
    expect(() => bracketed(tree('S', 1, 0))).toThrow('bracketed: words of tree must stand in order, got 1 for 0');
    expect(() => bracketed({ label: 'S', children: [0.5] })).toThrow('bracketed: words of tree must be places from 0, got 0.5');
    expect(() => bracketed(null as never)).toThrow('bracketed: tree must be a tree with a label, got null');
  });

  it('are read back, each constituent with the symbol that opened it', () => {
    expect(treeFrom(written.split(' '), { words: 4 })).toEqual({ tree: sentence, malformed: false, opened: [0, 1, 5, 7, 8] });
  });

  it.each([
    ['open at the end', '(S (NP XX XX', 2, 'S[NP[0 1]]', [0, 1]],
    ['closed over what is open', '(S (NP XX (PP XX )NP )S', 2, 'S[NP[0 PP[1]]]', [0, 1, 3]],
    ['closed over what is open, then more', '(S (NP (PP XX )NP XX )S', 2, 'S[NP[PP[0]] 1]', [0, 1, 2]],
    ['closing nothing', '(S XX )NP XX )S', 2, 'S[0 1]', [0]],
    ['words too many', '(S XX XX XX )S', 2, 'S[0 1]', [0]],
    ['words too few', '(S (NP XX )NP )S', 3, 'S[NP[0] 1 2]', [0, 1]],
    ['a constituent without words', '(S XX (NP )NP )S', 1, 'S[0]', [0]],
    ['nested ones without words', '(S XX (NP (PP )PP )NP )S', 1, 'S[0]', [0]],
    ['two trees', '(NP XX )NP (VP XX )VP', 2, 'NP[0 VP[1]]', [0, 3]],
    ['words before the tree', 'XX (VP XX )VP', 2, 'VP[0 1]', [1]],
    ['no bracket at all', 'XX XX', 2, 'S[0 1]', [-1]],
    ['nothing at all', '', 2, 'S[0 1]', [-1]],
  ])('are repaired: %s', (_, symbols, words, wanted, opened) => {
    const read = treeFrom(symbols.split(' ').filter(Boolean), { words });
    expect(short(read.tree)).toBe(wanted);
    expect(read.malformed).toBe(true);
    expect(read.opened).toEqual(opened);
    expect(wordsOf(read.tree)).toEqual(Array.from({ length: words }, (_, i) => i));
  });

  it('refuse what is no symbol', () => {
    expect(() => treeFrom(['S'], { words: 1 })).toThrow("treeFrom: symbols must be XX, '(label' or ')label', got 'S' at 0");
    expect(() => treeFrom([], { words: -1 })).toThrow('treeFrom: words must be a whole number from 0, got -1');
  });

  it('make a tree of anything: its words are all there, and it is written and read the same', () => {
    const symbols = bracketSymbols(['A', 'B']);
    let seed = 1;
    const next = (below: number) => {
      seed = (seed * 48271) % 2147483647; // Park and Miller 1988
      return seed % below;
    };
    for (let i = 0; i < 300; i++) {
      const drawn = Array.from({ length: next(12) }, () => symbols[next(symbols.length)] as string);
      const { tree: found, malformed, opened } = treeFrom(drawn, { words: 4 });
      const again = bracketed(found);
      expect(wordsOf(found)).toEqual([0, 1, 2, 3]);
      expect(treeFrom(again, { words: 4 })).toMatchObject({ tree: found, malformed: false });
      expect(malformed).toBe(again.join(' ') !== drawn.join(' '));
      expect(opened.length).toBe(again.filter((symbol) => symbol.startsWith('(')).length);
      for (const at of opened) if (at >= 0) expect(drawn[at]).toMatch(/^\(/);
    }
  });
});

describe('spans', () => {
  it('are of every constituent, unary ones too, and none of one without words', () => {
    expect(spansOf(sentence).map(({ label, start, end }) => `${label} ${start} ${end}`)).toEqual([
      'S 0 4',
      'NP 0 2',
      'VP 2 4',
      'NP 3 4',
      'NP 3 4',
    ]);
    expect(spansOf(tree('S', tree('NP'), 0))).toEqual([{ label: 'S', start: 0, end: 1 }]);
  });
});

describe('dependencies', () => {
  // the dog saw a cat : the ← dog ← saw → cat → a
  const heads = [1, 2, -1, 4, 2];
  const relations = ['det', 'nsubj', 'root', 'det', 'obj'];

  it('become a tree, and are read from it again', () => {
    const found = dependencyTree({ heads, relations });
    expect(short(found as ParseTree)).toBe('root[nsubj[det[0] 1] 2 obj[det[3] 4]]');
    expect(dependenciesOf(found as ParseTree, 5)).toEqual({ heads, relations });
  });

  it('are no tree where lines cross, where there are two roots, or a cycle', () => {
    expect(dependencyTree({ heads: [2, 3, -1, 2], relations: ['a', 'b', 'root', 'c'] })).toBeNull();
    expect(dependencyTree({ heads: [-1, -1], relations: ['root', 'root'] })).toBeNull();
    expect(dependencyTree({ heads: [-1, 2, 1], relations: ['root', 'a', 'b'] })).toBeNull();
  });

  it('are read from any tree: a second word hangs on the first, a constituent without a word of its own has its first one’s head', () => {
    expect(dependenciesOf(tree('root', 0, 1, tree('x', tree('y', 2), 3)), 5)).toEqual({
      heads: [-1, 0, 3, 0, 0],
      relations: ['root', 'dep', 'y', 'x', 'dep'],
    });
    expect(dependenciesOf(tree('root', tree('x', tree('y', 0)), tree('z', 1)), 2)).toEqual({ heads: [-1, 0], relations: ['root', 'z'] });
  });

  it('are checked', () => {
    expect(() => dependencyTree({ heads: [5], relations: ['a'] })).toThrow(
      'dependencyTree: heads of dependencies must be a place of the 1 words, or -1, got 5',
    );
    expect(() => dependencyTree({ heads: [-1], relations: [] })).toThrow(
      'relations of dependencies must be one for each head, got 0 for 1',
    );
  });
});
