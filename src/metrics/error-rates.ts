import { isList, type Rule } from '../tensor/check.ts';

/** A list of tokens, or a string. */
const isSequence: Rule = (op, name, value) => {
  if (typeof value !== 'string') isList(op, name, value);
};

/** Checks that hypotheses are a list and references a list of lists. */
export function expectReferences(op: string, hypotheses: unknown, references: unknown): void {
  isList(op, 'hypotheses', hypotheses);
  isList(op, 'references', references);
  for (const [i, some] of (references as unknown[]).entries()) {
    isList(op, `references of ${i}`, some);
    for (const one of some as unknown[]) isSequence(op, `references of ${i}`, one);
  }
  for (const [i, one] of (hypotheses as unknown[]).entries()) isSequence(op, `hypothesis ${i}`, one);
}

/**
 * Fewest insertions, deletions and substitutions that turn `a` into `b` (Levenshtein 1966; the row-by-row table of Wagner and Fischer
 * 1974). Strings are compared by code unit.
 */
export function editDistance<T>(a: ArrayLike<T>, b: ArrayLike<T>): number {
  isSequence('editDistance', 'a', a);
  isSequence('editDistance', 'b', b);
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const substituted = (row[j] as number) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(substituted, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** Errors over a set of hypotheses. */
export interface ErrorRates {
  /** Edits over reference length: the phone error rate where tokens are phones. May exceed 1. */
  readonly tokenErrorRate: number;
  /** Share of hypotheses that equal none of their references: the word error rate where sequences are words. */
  readonly sequenceErrorRate: number;
  /** Edits in all sequences together. */
  readonly edits: number;
  /** Tokens in all references together. */
  readonly referenceTokens: number;
  /** Number of sequences with at least one edit. */
  readonly wrongSequences: number;
  /** Number of sequences. */
  readonly sequences: number;
}

/**
 * Error rates where several answers are right: each hypothesis is compared with its closest reference (fewest edits; the longest on a tie).
 * The token error rate is the sum of edits over the total length of those references. Both rates are 0 without hypotheses.
 */
export function errorRates<T>(hypotheses: readonly ArrayLike<T>[], references: readonly (readonly ArrayLike<T>[])[]): ErrorRates {
  expectReferences('errorRates', hypotheses, references);
  if (hypotheses.length !== references.length) {
    throw new RangeError(`errorRates: each hypothesis must have references, got ${hypotheses.length} and ${references.length}`);
  }
  let edits = 0;
  let referenceTokens = 0;
  let wrongSequences = 0;
  hypotheses.forEach((hypothesis, i) => {
    let fewest = Number.POSITIVE_INFINITY;
    let length = 0;
    for (const reference of references[i] ?? []) {
      if (typeof reference === 'string' && typeof hypothesis !== 'string') {
        throw new TypeError(`errorRates: references must be lists of sequences, got a list of tokens at ${i}`);
      }
      const distance = editDistance(hypothesis, reference);
      if (distance < fewest || (distance === fewest && reference.length > length)) {
        fewest = distance;
        length = reference.length;
      }
    }
    if (fewest === Number.POSITIVE_INFINITY) throw new RangeError(`errorRates: hypothesis ${i} must have a reference, got none`);
    edits += fewest;
    referenceTokens += length;
    if (fewest > 0) wrongSequences++;
  });
  const sequences = hypotheses.length;
  return {
    tokenErrorRate: edits === 0 ? 0 : edits / referenceTokens,
    sequenceErrorRate: sequences === 0 ? 0 : wrongSequences / sequences,
    edits,
    referenceTokens,
    wrongSequences,
    sequences,
  };
}
