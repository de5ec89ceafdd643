// Changes that searches may make to logits: pure functions from logits [N, C] to logits [N, C], −∞ where a token may not be written.

import { and, equal, greater, lessEqual, max, mul, or, slice, softmax, sub, topk, where } from '../ops/index.ts';
import { isList, isPositive, isSize, isWhole, type Rule, ruleOf } from '../tensor/check.ts';
import { arange, tensor } from '../tensor/create.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';

/** What a processor receives besides the logits. */
export interface DecodingContext {
  /** Number of tokens written so far, without the start. */
  readonly step: number;
  /** The row of the batch that each row of the logits belongs to. */
  readonly items: readonly number[];
  /** The tokens that a row of the logits has written so far, without the start. */
  tokens(row: number): readonly number[];
}

/** Changes logits `[N, C]`, each row independently. It returns new logits, with −∞ for tokens that may not be written. */
export type LogitsProcessor = (logits: Tensor, context: DecodingContext) => Tensor;

/** Whole numbers from 0. */
export const areTokens: Rule = /* @__PURE__ */ ruleOf(
  'whole numbers from 0',
  (all) => Array.isArray(all) && all.every((x) => Number.isInteger(x) && x >= 0),
);

const { NEGATIVE_INFINITY: SHUT } = Number;

type Line = Float32Array | Float64Array | Int32Array;

/** New logits, each row changed in place. */
function changed(logits: Tensor, change: (line: Line, row: number) => void): Tensor {
  const [rows = 0, width = 0] = logits.shape;
  const values = logits.toArray();
  for (let row = 0; row < rows; row++) change(values.subarray(row * width, (row + 1) * width), row);
  const y = empty(logits.shape);
  y.view().set(values);
  return y;
}

/** Forbids tokens, such as padding and the start. Numbers that are not tokens are ignored. */
export function never(tokens: readonly number[]): LogitsProcessor {
  areTokens('never', 'tokens', tokens);
  return (logits) =>
    changed(logits, (line) => {
      for (const token of tokens) if (token < line.length) line[token] = SHUT;
    });
}

/** Forbids the end before `length` tokens. */
export function minLength(length: number, end: number): LogitsProcessor {
  isWhole(0)('minLength', 'length', length);
  isWhole(0)('minLength', 'end', end);
  const endless = never([end]);
  return (logits, context) => (context.step < length ? endless(logits, context) : logits);
}

/** Forbids an n-gram that already occurred (Paulus, Xiong, Socher 2017, §2.5, with n = 3); with `n` 1, no token occurs twice. */
export function noRepeatNgram(n: number): LogitsProcessor {
  isSize('noRepeatNgram', 'n', n);
  return (logits, { step, tokens }) => {
    if (step < n) return logits;
    return changed(logits, (line, row) => {
      const text = tokens(row);
      const last = text.length - n + 1; // start of the last n − 1 tokens
      for (let at = 0; at < last; at++) {
        let same = 0;
        while (same < n - 1 && text[at + same] === text[last + same]) same++;
        if (same === n - 1) line[text[at + n - 1] as number] = SHUT;
      }
    });
  };
}

/** Forces each row of the batch to begin with its own tokens: at its step each is the only token that may be written. */
export function forced(prefixes: readonly (readonly number[])[]): LogitsProcessor {
  isList('forced', 'prefixes', prefixes);
  for (const [i, prefix] of prefixes.entries()) areTokens('forced', `prefix ${i}`, prefix);
  return (logits, { step, items }) =>
    changed(logits, (line, row) => {
      const token = prefixes[items[row] as number]?.[step];
      if (token === undefined) return;
      if (token >= line.length) throw new RangeError(`forced: tokens must be below ${line.length}, got ${token} at ${step}`);
      const logit = line[token] as number;
      for (let i = 0; i < line.length; i++) line[i] = SHUT;
      line[token] = logit;
    });
}

/**
 * Penalises tokens that were already written: divides positive logits by `penalty` and multiplies negative ones by it (Keskar et al. 2019,
 * "CTRL", §4.1).
 */
export function repetitionPenalty(penalty: number): LogitsProcessor {
  isPositive('repetitionPenalty', 'penalty', penalty);
  return (logits, { step, tokens }) => {
    if (penalty === 1 || step === 0) return logits;
    return changed(logits, (line, row) => {
      for (const token of new Set(tokens(row))) {
        const logit = line[token] as number;
        line[token] = logit > 0 ? logit / penalty : logit * penalty;
      }
    });
  };
}

/** 0, or a number that may divide logits. */
export const isTemperature: Rule = /* @__PURE__ */ ruleOf(
  '0, or a number from 1e-30 to 1e30',
  (value) => value === 0 || (typeof value === 'number' && value >= 1e-30 && value <= 1e30),
);

/** A share of probability. */
export const isMass: Rule = /* @__PURE__ */ ruleOf(
  'above 0 and at most 1',
  (value) => typeof value === 'number' && value > 0 && value <= 1,
);

/**
 * Divides logits by `value`, with the largest moved to 0: below 1 likely tokens become likelier. With 0 only the likeliest token is left,
 * the smaller among equals.
 */
export function temperature(value: number): LogitsProcessor {
  isTemperature('temperature', 'value', value);
  if (value === 0) return topK(1);
  return (logits) => (value === 1 ? logits : mul(sub(logits, max(logits, { axis: 1, keepDims: true })), 1 / value));
}

/** Keeps the `k` likeliest tokens (Fan, Lewis, Dauphin 2018, §5.1); among equals the smaller ones. */
export function topK(k: number): LogitsProcessor {
  isSize('topK', 'k', k);
  return (logits) => {
    if (k >= (logits.shape[1] as number)) return logits;
    const { values, indices } = topk(logits, k);
    return where(upTo(logits, slice(values, 1, k - 1), slice(indices, 1, k - 1)), logits, SHUT);
  };
}

/**
 * Keeps the fewest likeliest tokens whose probabilities sum to `mass` or more (Holtzman et al. 2020, §3.1). Tokens are taken in order of
 * probability, the smaller first among equals, so there is always at least one.
 */
export function topP(mass: number): LogitsProcessor {
  isMass('topP', 'mass', mass);
  return (logits) => {
    const [rows = 0, width = 0] = logits.shape;
    if (mass === 1) return logits;
    const probabilities = softmax(logits);
    const k = Math.min(64, width); // most distributions have their mass in few tokens
    const { values, indices } = topk(probabilities, k);
    const [ordered, places, all] = [values.toArray(), indices.toArray(), probabilities.peek()];
    const least = new Float32Array(rows);
    const last = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const count = sumsTo(mass, ordered.subarray(row * k, (row + 1) * k));
      const of = count > 0 ? row * k + count - 1 : -1;
      const [value, place] = of >= 0 ? [ordered[of], places[of]] : lastOf(mass, all.subarray(row * width, (row + 1) * width));
      least[row] = value as number;
      last[row] = place as number;
    }
    const column = { shape: [rows, 1] };
    return where(upTo(probabilities, tensor(least, column), tensor(last, column)), logits, SHUT);
  };
}

/**
 * The last of the ordered probabilities needed for a sum of `mass` or more, and its token; the very last if all together are not enough.
 */
function lastOf(mass: number, probabilities: Line): [value: number, place: number] {
  const sorted = probabilities.slice().sort().reverse();
  const count = sumsTo(mass, sorted) || sorted.length;
  const value = sorted[count - 1] as number;
  let place = -1;
  for (let left = count - sorted.indexOf(value); left > 0; left--) place = probabilities.indexOf(value, place + 1);
  return [value, place];
}

/** How many of the ordered probabilities sum to `mass` or more; 0 if all together are not enough. */
function sumsTo(mass: number, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    sum += probabilities[i] as number;
    if (sum >= mass) return i + 1;
  }
  return 0;
}

/** Which elements of x `[N, V]` exceed `least` `[N, 1]`; elements equal to it count up to token `last` `[N, 1]`. */
function upTo(x: Tensor, least: Tensor, last: Tensor): Tensor {
  const before = lessEqual(arange(x.shape[1] as number), last);
  return or(greater(x, least), and(equal(x, least), before));
}
