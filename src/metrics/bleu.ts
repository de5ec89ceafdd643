import { expectOptions, isFlag, isOneOf, isPositive, isSize, maybe } from '../tensor/check.ts';
import { expectReferences } from './error-rates.ts';

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

/** Counts each n-gram; `ids` numbers the tokens. */
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

/** The number of n-grams of a hypothesis that its references contain, and of all its n-grams. */
function matches<T>(hypothesis: ArrayLike<T>, references: readonly ArrayLike<T>[], n: number, ids: Map<T, number>): [number, number] {
  const most = references.map((reference) => counted(reference, n, ids));
  let [found, all] = [0, 0];
  for (const [name, count] of counted(hypothesis, n, ids)) {
    all += count;
    found += Math.min(count, Math.max(...most.map((counts) => counts.get(name) ?? 0)));
  }
  return [found, all];
}

/** The reference length closest to the hypothesis; the shorter one on a tie. */
function closest(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, one) => {
    const nearer = Math.abs(one - length) - Math.abs(best - length);
    return nearer < 0 || (nearer === 0 && one < best) ? one : best;
  });
}

/** `value^n` for a whole n from 0: `**` differs between engines. */
const power = (value: number, n: number) => Array.from({ length: n }).reduce<number>((product) => product * value, 1);

/** The geometric mean of numbers in (0, 1], by Newton's method for `xⁿ = Π values` from above, where it falls until it stands still. */
function geometricMean(values: readonly number[]): number {
  const [n, product] = [values.length, values.reduce((a, b) => a * b, 1)];
  for (let x = 1; ; ) {
    const next = ((n - 1) * x + product / power(x, n - 1)) / n;
    if (!(next < x)) return x;
    x = next;
  }
}

/** `e^x` for x ≤ 0 in float64: the series of `e^(x/2ᵏ)` with |x/2ᵏ| ≤ ½, squared k times. `Math.exp` differs between engines. */
function exponential(x: number): number {
  if (x < -700) return 0;
  let halvings = 0;
  let small = x;
  for (; small < -0.5; small /= 2) halvings++;
  let [term, sum] = [1, 1];
  for (let k = 1; k <= 16; k++) {
    term *= small / k;
    sum += term;
  }
  for (; halvings > 0; halvings--) sum *= sum;
  return sum;
}

/** Options of `bleu`. */
export interface BleuOptions {
  /** The longest n-grams. Default 4. */
  order?: number | undefined;
  /**
   * For n-grams that no reference has (Chen and Cherry 2014, under sacreBLEU's names): `none` leaves the score 0; `floor` counts
   * `smoothingValue` of a match (default 0.1); `add-k` adds `smoothingValue` (default 1) to matches and n-grams from n = 2 on; `exp` counts ½, ¼, … of a match
   * in turn. Default `none`.
   */
  smoothing?: 'none' | 'floor' | 'add-k' | 'exp' | undefined;
  /** The number of `floor` and `add-k`, see `smoothing`. */
  smoothingValue?: number | undefined;
  /** Ignores orders for which the hypotheses are too short to have any n-gram; useful for single sentences. Default false. */
  effectiveOrder?: boolean | undefined;
}

const rules = {
  order: /* @__PURE__ */ maybe(isSize),
  smoothing: /* @__PURE__ */ maybe(isOneOf('none', 'floor', 'add-k', 'exp')),
  smoothingValue: /* @__PURE__ */ maybe(isPositive),
  effectiveOrder: /* @__PURE__ */ maybe(isFlag),
};

/** The smoothed precision of each order. Without any match there is nothing to smooth. */
function precisionsOf(counts: readonly (readonly [found: number, all: number])[], options: BleuOptions): number[] {
  const { smoothing = 'none', smoothingValue = smoothing === 'add-k' ? 1 : 0.1 } = options;
  const smooth = counts.some(([found]) => found > 0) ? smoothing : 'none';
  let share = 1;
  return counts.map(([found, all], i) => {
    if (all === 0) return 0;
    if (smooth === 'add-k' && i > 0) return (found + smoothingValue) / (all + smoothingValue);
    if (found > 0) return found / all;
    if (smooth === 'floor') return smoothingValue / all;
    if (smooth !== 'exp') return 0;
    share /= 2;
    return share / all;
  });
}

/**
 * BLEU over a corpus: the brevity penalty times the geometric mean of the precisions of 1- to `order`-grams, with several references each
 * (Papineni, Roukos, Ward, Zhu 2002, §2.3), in float64. 0 where some order has no match, unless it is smoothed. Tokens are compared as they are
 * given: figures compare only with others over the same tokens.
 */
export function bleu<T>(
  hypotheses: readonly ArrayLike<T>[],
  references: readonly (readonly ArrayLike<T>[])[],
  options: BleuOptions = {},
): Bleu {
  expectOptions('bleu', options, rules);
  expectReferences('bleu', hypotheses, references);
  const { order = 4, effectiveOrder = false } = options;
  const without = references.findIndex((some) => some.length === 0);
  if (hypotheses.length !== references.length || without >= 0) {
    const got = without >= 0 ? `none at ${without}` : `${hypotheses.length} and ${references.length}`;
    throw new RangeError(`bleu: each hypothesis must have references, got ${got}`);
  }
  const flat = references.findIndex((some, at) => typeof hypotheses[at] !== 'string' && some.some((one) => typeof one === 'string'));
  if (flat >= 0) throw new TypeError(`bleu: references must be lists of sequences, got a list of tokens at ${flat}`);
  const ids = new Map<T, number>();
  const counts = Array.from({ length: order }, (_, i) => {
    let [found, all] = [0, 0];
    hypotheses.forEach((hypothesis, at) => {
      const [right, total] = matches(hypothesis, references[at] ?? [], i + 1, ids);
      found += right;
      all += total;
    });
    return [found, all] as const;
  });
  const precisions = precisionsOf(counts, options);
  const scored = effectiveOrder ? precisions.filter((_, i) => (counts[i]?.[1] ?? 0) > 0) : precisions;
  const c = hypotheses.reduce((sum, { length }) => sum + length, 0);
  const r = hypotheses.reduce((sum, { length }, at) => sum + closest(length, (references[at] ?? []).map((one) => one.length)), 0); // biome-ignore format: one sum a line
  const brevityPenalty = c >= r ? 1 : c === 0 ? 0 : exponential(1 - r / c);
  return {
    bleu: scored.length > 0 && scored.every((precision) => precision > 0) ? brevityPenalty * geometricMean(scored) : 0,
    precisions,
    brevityPenalty,
    hypothesisTokens: c,
    referenceTokens: r,
  };
}
