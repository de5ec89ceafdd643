// Trees as strings of brackets and back: what a model writes is not always a tree.

import { expectOptions, isCount, isList, isText, maybe } from '../tensor/check.ts';
import { expectTree, type ParseTree } from './tree.ts';

/** Stands for any word. */
export const WORD = 'XX';

/** The symbols that trees with these labels are written with: a word, then each label's opening and closing bracket. */
export function bracketSymbols(labels: readonly string[]): string[] {
  isList('bracketSymbols', 'labels', labels);
  return [WORD, ...labels.flatMap((label) => [`(${label}`, `)${label}`])];
}

/**
 * A tree depth first with labelled ends, `(S (NP XX XX )NP (VP XX )VP )S`: the form in which Vinyals et al. (2015, "Grammar as a foreign language", §2.2) have a
 * sequence model write trees. Words are `XX`, so they must stand in order.
 */
export function bracketed(tree: ParseTree): string[] {
  expectTree('bracketed', 'tree', tree);
  let next = 0;
  const written = ({ label, children }: ParseTree): string[] => [
    `(${label}`,
    ...children.flatMap((child) => {
      if (typeof child !== 'number') return written(child);
      if (child !== next++) throw new RangeError(`bracketed: words of tree must stand in order, got ${child} for ${next - 1}`);
      return [WORD];
    }),
    `)${label}`,
  ];
  return written(tree);
}

/** What was read from a string of brackets. */
export interface BracketReading {
  /** The tree, over all the words. */
  tree: ParseTree;
  /** Whether the string had to be repaired, since it was no tree over so many words. */
  malformed: boolean;
  /** For each constituent in depth-first order, the place of the symbol that opened it; −1 if none did. */
  opened: number[];
}

interface Open {
  label: string;
  at: number;
  children: (Open | number)[];
}

const firstTree = ({ children }: Open): number => children.findIndex((child) => typeof child !== 'number');

/** Drops constituents without a word; says whether there were any. */
function dropEmpty(node: Open): boolean {
  let dropped = false;
  node.children = node.children.filter((child) => {
    if (typeof child === 'number') return true;
    dropped = dropEmpty(child) || dropped;
    if (child.children.length > 0) return true;
    dropped = true;
    return false;
  });
  return dropped;
}

/** Reads symbols into a nameless root, as many words as there are; says whether they were amiss. */
function stacked(symbols: readonly string[], words: number): { root: Open; amiss: boolean } {
  const root: Open = { label: '', at: -1, children: [] };
  const stack = [root];
  let [next, amiss] = [0, false];
  for (const [at, symbol] of symbols.entries()) {
    const top = stack.at(-1) as Open;
    const label = symbol.slice(1);
    if (symbol === WORD) {
      if (top === root || next === words) amiss = true;
      if (next < words) top.children.push(next++);
    } else if (symbol.startsWith('(')) {
      const open = { label, at, children: [] };
      top.children.push(open);
      stack.push(open);
    } else {
      const depth = stack.findLastIndex((open) => open.label === label && open !== root);
      if (depth !== stack.length - 1 || depth < 0) amiss = true;
      if (depth > 0) stack.length = depth;
    }
  }
  if (stack.length > 1 || next < words) amiss = true;
  while (next < words) root.children.push(next++);
  return { root, amiss };
}

/** One tree of all that stands at the root: what is beside the first tree goes into it. */
function single(root: Open, label: string): Open {
  const at = firstTree(root);
  if (at < 0) return { ...root, label };
  const tree = root.children[at] as Open;
  return { ...tree, children: [...root.children.slice(0, at), ...tree.children, ...root.children.slice(at + 1)] };
}

function opened(tree: Open): number[] {
  return [tree.at, ...tree.children.flatMap((child) => (typeof child === 'number' ? [] : opened(child)))];
}

const plain = ({ label, children }: Open): ParseTree => ({
  label,
  children: children.map((child) => (typeof child === 'number' ? child : plain(child))),
});

/**
 * The tree that a string of brackets means for a sentence of so many `words`. What is no tree is repaired and called malformed: brackets that are open at
 * the end are closed there, a closing one closes what is open inside it, one that closes nothing is passed over; surplus words are passed over, missing ones come last; a constituent without words is dropped; what stands beside the tree goes into it. `root` is the label if no bracket opens, default `S`.
 */
export function treeFrom(symbols: readonly string[], options: { words: number; root?: string | undefined }): BracketReading {
  isList('treeFrom', 'symbols', symbols);
  for (const [i, symbol] of symbols.entries()) {
    if (symbol === WORD || /^[()]./.test(symbol)) continue;
    throw new RangeError(`treeFrom: symbols must be ${WORD}, '(label' or ')label', got '${symbol}' at ${i}`);
  }
  expectOptions('treeFrom', options, { words: isCount, root: maybe(isText) });
  const { words, root: label = 'S' } = options;
  const { root, amiss } = stacked(symbols, words);
  const dropped = dropEmpty(root);
  const beside = root.children.length !== 1 || firstTree(root) < 0;
  const tree = single(root, label);
  return { tree: plain(tree), malformed: amiss || dropped || beside, opened: opened(tree) };
}
