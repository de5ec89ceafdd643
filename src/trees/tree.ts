import { isList, shown } from '../tensor/check.ts';

/** A tree over a sentence: a label, and below it trees and words. A word is its place in the sentence, from 0. */
export interface ParseTree {
  /** The category: `NP`, `VP`, or a part of speech. */
  readonly label: string;
  /** Constituents, and words by their place in the sentence from 0. */
  readonly children: readonly (ParseTree | number)[];
}

/** The words that one constituent of a tree covers: from `start` to before `end`. */
export interface Span {
  /** The label of the constituent. */
  readonly label: string;
  /** Place of the first word, from 0. */
  readonly start: number;
  /** Place behind the last word. */
  readonly end: number;
}

/** Checks the top of a tree. */
function expectNode(op: string, tree: unknown): asserts tree is ParseTree {
  const { children } = Object(tree) as Partial<ParseTree>;
  if (!Array.isArray(children)) throw new TypeError(`${op}: tree must be a tree with children, got ${shown(tree)}`);
}

/** Checks a tree down to its words. */
export function expectTree(op: string, name: string, tree: unknown): asserts tree is ParseTree {
  const { label, children } = Object(tree) as Partial<ParseTree>;
  if (typeof label !== 'string') throw new TypeError(`${op}: ${name} must be a tree with a label, got ${shown(tree)}`);
  isList(op, `children of ${label} in ${name}`, children);
  for (const child of children ?? []) {
    if (typeof child !== 'number') expectTree(op, name, child);
    else if (!Number.isSafeInteger(child) || child < 0) throw new RangeError(`${op}: words of ${name} must be places from 0, got ${child}`);
  }
}

/** The words of a tree in the order of its branches. */
export function wordsOf(tree: ParseTree): number[] {
  expectNode('wordsOf', tree);
  return tree.children.flatMap((child) => (typeof child === 'number' ? [child] : wordsOf(child)));
}

/** Every constituent in depth-first order, a tree before what is below it. A constituent without a word has no span. */
export function spansOf(tree: ParseTree): Span[] {
  expectNode('spansOf', tree);
  const words = wordsOf(tree);
  const inner = tree.children.flatMap((child) => (typeof child === 'number' ? [] : spansOf(child)));
  const [start, end] = words.reduce(([least, most], word) => [Math.min(least, word), Math.max(most, word + 1)], [Infinity, -Infinity]);
  return start < end ? [{ label: tree.label, start, end }, ...inner] : inner;
}
