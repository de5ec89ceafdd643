// Scores of trees: brackets of constituents, and what each word hangs on.

import { expectOptions, isList, maybe } from '../tensor/check.ts';
import { type Dependencies, expectDependencies } from '../trees/dependencies.ts';
import { expectTree, type ParseTree, type Span, spansOf } from '../trees/tree.ts';

/** How many brackets agree, over all sentences together. */
export interface BracketScores {
  /** Share of the parser's brackets that the true trees have. */
  readonly precision: number;
  /** Share of the true brackets that the parser has. */
  readonly recall: number;
  /** `2 · precision · recall / (precision + recall)`. */
  readonly f1: number;
  /** Share of sentences all of whose brackets agree. */
  readonly exact: number;
  /** Brackets that agree. */
  readonly matched: number;
  /** Brackets of the parser. */
  readonly found: number;
  /** Brackets of the true trees. */
  readonly true: number;
  /** Sentences. */
  readonly sentences: number;
}

const nameOf = ({ label, start, end }: Span) => `${start} ${end} ${label}`;

/** How often each bracket occurs. */
function countsOf(tree: ParseTree | null, ignored: ReadonlySet<string>): Map<string, number> {
  const counts = new Map<string, number>();
  const spans = tree ? spansOf(tree) : [];
  for (const span of spans.filter(({ label }) => !ignored.has(label))) counts.set(nameOf(span), (counts.get(nameOf(span)) ?? 0) + 1);
  return counts;
}

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, count) => all + count, 0);

/**
 * Labelled brackets as `evalb` counts them (Sekine and Collins 1997, after PARSEVAL, Black et al. 1991): label, first and last word must agree, each as often as it occurs; the labels `ignore`, by default
 * `TOP`, do not count. Words have no brackets here, so tags never count. A sentence without a tree, `null`, has no bracket right and stays in the count, where `evalb` would leave it out.
 */
export function bracketScores(
  trees: readonly (ParseTree | null)[],
  references: readonly ParseTree[],
  options: { ignore?: readonly string[] | undefined } = {},
): BracketScores {
  isList('bracketScores', 'trees', trees);
  isList('bracketScores', 'references', references);
  expectOptions('bracketScores', options, { ignore: maybe(isList) });
  if (trees.length !== references.length) {
    throw new RangeError(`bracketScores: each tree must have a reference, got ${trees.length} and ${references.length}`);
  }
  const ignored = new Set(options.ignore ?? ['TOP']);
  let [matched, found, all, exact] = [0, 0, 0, 0];
  for (const [i, tree] of trees.entries()) {
    if (tree !== null) expectTree('bracketScores', `trees[${i}]`, tree);
    const reference = references[i];
    expectTree('bracketScores', `references[${i}]`, reference);
    const [ours, theirs] = [countsOf(tree, ignored), countsOf(reference, ignored)];
    let same = 0;
    for (const [name, count] of ours) same += Math.min(count, theirs.get(name) ?? 0);
    const [own, right] = [sum(ours), sum(theirs)];
    [matched, found, all] = [matched + same, found + own, all + right];
    if (tree !== null && same === own && same === right) exact++;
  }
  const [precision, recall] = [found > 0 ? matched / found : 0, all > 0 ? matched / all : 0];
  const f1 = found + all > 0 ? (2 * matched) / (found + all) : 0;
  return { precision, recall, f1, exact: exact / Math.max(1, trees.length), matched, found, true: all, sentences: trees.length };
}

/** How many words hang where they should, over all sentences together. */
export interface AttachmentScores {
  /** Unlabelled attachment score: the share of words with the right head. */
  readonly uas: number;
  /** Labelled attachment score: the share of words with the right head and relation. */
  readonly las: number;
  /** Words. */
  readonly words: number;
}

/** Shares of words with the right head, and with the right head and relation (Buchholz and Marsi 2006). Of a sentence that is `null` no word is right. */
export function attachmentScores(parses: readonly (Dependencies | null)[], references: readonly Dependencies[]): AttachmentScores {
  isList('attachmentScores', 'parses', parses);
  isList('attachmentScores', 'references', references);
  if (parses.length !== references.length) {
    throw new RangeError(`attachmentScores: each parse must have a reference, got ${parses.length} and ${references.length}`);
  }
  let [heads, both, words] = [0, 0, 0];
  for (const [i, parse] of parses.entries()) {
    const reference = references[i];
    expectDependencies('attachmentScores', `references[${i}]`, reference);
    words += reference.heads.length;
    if (parse === null) continue;
    expectDependencies('attachmentScores', `parses[${i}]`, parse);
    if (parse.heads.length !== reference.heads.length) {
      throw new RangeError(
        `attachmentScores: words of sentence ${i} must be as many, got ${parse.heads.length} and ${reference.heads.length}`,
      );
    }
    for (const [word, head] of parse.heads.entries()) {
      if (head !== reference.heads[word]) continue;
      heads++;
      if (parse.relations[word] === reference.relations[word]) both++;
    }
  }
  return { uas: heads / Math.max(1, words), las: both / Math.max(1, words), words };
}
