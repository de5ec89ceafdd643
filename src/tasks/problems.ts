// Random problems with their answers: the same key gives the same problems in every engine.

import { uniform } from '../ops/index.ts';
import { expectOptions, isFlag, isSize, isWhole, maybe } from '../tensor/check.ts';
import { foldIn, type Key, permutation, randomInt } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { convexHull, type Points } from './polygon.ts';
import { heldKarp } from './tour.ts';

/** Problems over points in the unit square. */
export interface PointProblems {
  /** `[B, N, 2]`. */
  readonly points: Tensor;
  /** The points of each problem as plain numbers, x and y in turn. */
  readonly each: readonly Points[];
  /** Indices of points. */
  readonly answers: readonly number[][];
}

/** The number of problems, and of points in each. */
export interface PointSizes {
  /** B, the number of problems. */
  batch: number;
  /** N, points of a problem. */
  points: number;
}

function pointProblems(op: string, key: Key, sizes: PointSizes, answer: (points: Points) => number[]): PointProblems {
  expectOptions(op, sizes, { batch: isWhole(0), points: isSize });
  const points = uniform(key, [sizes.batch, sizes.points, 2]);
  const all = points.toArray();
  const each = Array.from({ length: sizes.batch }, (_, b) => all.slice(2 * b * sizes.points, 2 * (b + 1) * sizes.points));
  return { points, each, answers: each.map(answer) };
}

/** Points drawn evenly from the unit square, and their {@link convexHull} (Vinyals, Fortunato, Jaitly 2015, §4.2). */
export function hullProblems(key: Key, sizes: PointSizes): PointProblems {
  return pointProblems('hullProblems', key, sizes, convexHull);
}

/** Points drawn evenly from the unit square, and a shortest tour by {@link heldKarp} (Vinyals et al. 2015, §4.4): at most 16 points. */
export function tourProblems(key: Key, sizes: PointSizes): PointProblems {
  return pointProblems('tourProblems', key, sizes, heldKarp);
}

/** A sequence of tokens and the expected answer. */
export interface SequenceProblem {
  /** The sequence to read. */
  readonly source: number[];
  /** The sequence to write. */
  readonly target: number[];
}

/** Options of sequence problems. */
export interface SequenceSizes {
  /** B, the number of problems. */
  count: number;
  /** Number of different symbols: tokens 3, 4, … */
  symbols: number;
  /** Lengths are uniform over `minLength` … `maxLength`. */
  minLength: number;
  /** Longest sequence. */
  maxLength: number;
  /** No symbol occurs twice in a sequence; requires `symbols` ≥ `maxLength`. Default false. */
  distinct?: boolean | undefined;
}

const sequenceRules = {
  count: /* @__PURE__ */ isWhole(0),
  symbols: isSize,
  minLength: /* @__PURE__ */ isWhole(0),
  maxLength: /* @__PURE__ */ isWhole(0),
  distinct: /* @__PURE__ */ maybe(isFlag),
};

function sequenceProblems(op: string, key: Key, sizes: SequenceSizes, answer: (source: number[]) => number[]): SequenceProblem[] {
  expectOptions(op, sizes, sequenceRules);
  const { count, symbols, minLength, maxLength, distinct = false } = sizes;
  if (distinct && symbols < maxLength) {
    throw new RangeError(`${op}: distinct symbols must be at least maxLength, got ${symbols} for ${maxLength}`);
  }
  if (minLength > maxLength) throw new RangeError(`${op}: minLength must be at most maxLength, got ${minLength} and ${maxLength}`);
  return Array.from({ length: count }, (_, i) => {
    const own = foldIn(key, i);
    const length = minLength + randomInt(own, 0, maxLength - minLength + 1);
    const source = distinct
      ? Array.from(permutation(foldIn(own, 0), symbols).subarray(0, length), (symbol) => 3 + symbol)
      : Array.from({ length }, (_, t) => 3 + randomInt(own, t + 1, symbols));
    return { source, target: [...answer(source), 2] };
  });
}

/** Random sequences; the answer is the sequence reversed, then the end token 2. */
export function reverseProblems(key: Key, sizes: SequenceSizes): SequenceProblem[] {
  return sequenceProblems('reverseProblems', key, sizes, (source) => source.toReversed());
}

/** Random sequences; the answer is the sequence sorted, then the end token 2. */
export function sortProblems(key: Key, sizes: SequenceSizes): SequenceProblem[] {
  return sequenceProblems('sortProblems', key, sizes, (source) => source.toSorted((a, b) => a - b));
}
