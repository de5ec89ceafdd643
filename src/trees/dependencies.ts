// Dependencies as trees: a word with all that hangs on it is a constituent with the name of its relation.

import { isList, ruleOf } from '../tensor/check.ts';
import { expectTree, type ParseTree, wordsOf } from './tree.ts';

/** What each word of a sentence hangs on. */
export interface Dependencies {
  /** The place of each word's head; −1 for the root. */
  readonly heads: readonly number[];
  /** The name of each word's relation to its head. */
  readonly relations: readonly string[];
}

/** Checks dependencies of one sentence. */
export function expectDependencies(op: string, name: string, dependencies: unknown): asserts dependencies is Dependencies {
  const { heads, relations } = Object(dependencies) as Partial<Dependencies>;
  isList(op, `heads of ${name}`, heads);
  isList(op, `relations of ${name}`, relations);
  const [words, named] = [heads?.length ?? 0, relations?.length ?? 0];
  if (words !== named) throw new RangeError(`${op}: relations of ${name} must be one for each head, got ${named} for ${words}`);
  const isHead = ruleOf(
    `a place of the ${words} words, or -1`,
    (head) => Number.isInteger(head) && Number(head) >= -1 && Number(head) < words,
  );
  for (const head of heads ?? []) isHead(op, `heads of ${name}`, head);
}

/**
 * Dependencies as a tree: each word is a direct child of a constituent that has the name of its relation and covers all that hangs on it. `null` if they are no tree with one
 * root, or if lines cross (not projective), since then no string of brackets has the words in order.
 */
export function dependencyTree(dependencies: Dependencies): ParseTree | null {
  expectDependencies('dependencyTree', 'dependencies', dependencies);
  const { heads, relations } = dependencies;
  const roots = heads.flatMap((head, word) => (head === -1 ? [word] : []));
  if (roots.length !== 1) return null;
  const below = (head: number): ParseTree => ({
    label: relations[head] as string,
    children: heads.flatMap((of, word): (ParseTree | number)[] => (word === head ? [word] : of === head ? [below(word)] : [])),
  });
  const tree = below(roots[0] as number);
  const words = wordsOf(tree);
  return words.length === heads.length && words.every((word, i) => word === i) ? tree : null; // a cycle is out of reach of the root
}

/**
 * The dependencies that a tree of `words` words means: the first word directly in a constituent is its head, and everything else directly in
 * it depends on that word, other words by the relation `dep`. A
 * constituent without a word of its own has the head of its first constituent. Words that the tree lacks depend on its head, by `dep` too.
 */
export function dependenciesOf(tree: ParseTree, words: number): Dependencies {
  expectTree('dependenciesOf', 'tree', tree);
  const heads = new Array<number>(words).fill(-1);
  const relations = new Array<string>(words).fill('dep');
  const headOf = ({ children }: ParseTree): number => {
    const own = children.find((child) => typeof child === 'number');
    return own ?? headOf(children[0] as ParseTree);
  };
  const hang = (node: ParseTree, on: number) => {
    const head = headOf(node);
    if (head !== on) {
      heads[head] = on;
      relations[head] = node.label;
    }
    for (const child of node.children) {
      if (typeof child !== 'number') hang(child, head);
      else if (child !== head) heads[child] = head;
    }
  };
  const root = headOf(tree);
  const known = new Set(wordsOf(tree));
  for (let word = 0; word < words; word++) if (!known.has(word)) heads[word] = root;
  hang(tree, -1);
  return { heads, relations };
}
