import { exp, log, mean } from '../ops/index.ts';
import { tensor } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';

/** BLEU and what it is made of. */
export interface Bleu {
  /** From 0 to 1; papers print it times 100. */
  readonly bleu: number;
  /** Share of n-grams found in a reference, n = 1, 2, …, each counted as often as one reference has it at most. */
  readonly precisions: readonly number[];
  /** `e^(1 − r/c)` where the hypotheses are shorter than the references, else 1. */
  readonly brevityPenalty: number;
  /** c: tokens of all hypotheses. */
  readonly hypothesisTokens: number;
  /** r: tokens of the references closest in length. */
  readonly referenceTokens: number;
}

/** How often each n-gram occurs, the tokens being named by their numbers in `ids`. */
function counted<T>(tokens: ArrayLike<T>, n: number, ids: Map<T, number>): Map<string, number> {
  const counts = new Map<string, number>();
  const numbers = Array.from(tokens, (token) => {
    const id = ids.get(token) ?? ids.size;
    ids.set(token, id);
    return id;
  });
  for (let at = 0; at + n <= numbers.length; at++) {
    const name = numbers.slice(at, at + n).join();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** n-grams of a hypothesis, and those found in its references. */
function matches<T>(hypothesis: ArrayLike<T>, references: readonly ArrayLike<T>[], n: number, ids: Map<T, number>): [number, number] {
  const most = references.map((reference) => counted(reference, n, ids));
  let [found, all] = [0, 0];
  for (const [name, count] of counted(hypothesis, n, ids)) {
    all += count;
    found += Math.min(count, Math.max(...most.map((counts) => counts.get(name) ?? 0)));
  }
  return [found, all];
}

/** The length closest to a hypothesis's; of equally close ones the shorter. */
function closest(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, one) => {
    const nearer = Math.abs(one - length) - Math.abs(best - length);
    return nearer < 0 || (nearer === 0 && one < best) ? one : best;
  });
}

/** Of positive numbers, by the kernels: `Math.log` and `Math.exp` differ between engines. */
const geometricMean = (values: readonly number[]) => scope(() => exp(mean(log(tensor([...values])))).item());

/**
 * BLEU over a corpus: the brevity penalty times the geometric mean of the precisions of 1- to `order`-grams (default 4), with several
 * references each, no smoothing (Papineni, Roukos, Ward, Zhu 2002, §2.3). 0 where some order has no match. Tokens are compared as
 * they are given: figures compare only with others over the same tokens.
 */
export function bleu<T>(
  hypotheses: readonly ArrayLike<T>[],
  references: readonly (readonly ArrayLike<T>[])[],
  options: { order?: number } = {},
): Bleu {
  const { order = 4 } = options;
  if (!Number.isSafeInteger(order) || order < 1) throw new RangeError(`bleu: order must be a whole number from 1, got ${order}`);
  const without = references.findIndex((some) => some.length === 0);
  if (hypotheses.length !== references.length || without >= 0) {
    const got = without >= 0 ? `none at ${without}` : `${hypotheses.length} and ${references.length}`;
    throw new RangeError(`bleu: each hypothesis must have references, got ${got}`);
  }
  const ids = new Map<T, number>();
  const precisions = Array.from({ length: order }, (_, i) => {
    let [found, all] = [0, 0];
    hypotheses.forEach((hypothesis, at) => {
      const [right, total] = matches(hypothesis, references[at] ?? [], i + 1, ids);
      found += right;
      all += total;
    });
    return all === 0 ? 0 : found / all;
  });
  const c = hypotheses.reduce((sum, { length }) => sum + length, 0);
  const r = hypotheses.reduce((sum, { length }, at) => sum + closest(length, (references[at] ?? []).map((one) => one.length)), 0); // biome-ignore format: one sum a line
  const brevityPenalty = c >= r ? 1 : c === 0 ? 0 : scope(() => exp(tensor(1 - r / c)).item());
  return {
    bleu: precisions.every((precision) => precision > 0) ? brevityPenalty * geometricMean(precisions) : 0,
    precisions,
    brevityPenalty,
    hypothesisTokens: c,
    referenceTokens: r,
  };
}
