// What searches may do to logits: pure functions from logits [N, C] to logits [N, C], −∞ where a token may not be written.

import { and, equal, greater, lessEqual, max, mul, or, slice, softmax, sub, topk, where } from '../ops/index.ts';
import { isPositive, isSize, isWhole, type Rule, ruleOf } from '../tensor/check.ts';
import { arange, tensor } from '../tensor/create.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';

/** What a processor is told besides the logits. */
export interface DecodingContext {
  /** How many tokens have been written, the start left out. */
  readonly step: number;
  /** The row of the batch that each row of the logits belongs to. */
  readonly items: readonly number[];
  /** What a row of the logits has written so far, the start left out. */
  tokens(row: number): readonly number[];
}

/** Changes logits `[N, C]`, each row by itself. It makes new ones, and says −∞ of what may not be written. */
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

/** Tokens that are not to be written: padding and the start, say. Those that are no tokens are passed over. */
export function never(tokens: readonly number[]): LogitsProcessor {
  areTokens('never', 'tokens', tokens);
  return (logits) =>
    changed(logits, (line) => {
      for (const token of tokens) if (token < line.length) line[token] = SHUT;
    });
}

/** No end before `length` tokens. */
export function minLength(length: number, end: number): LogitsProcessor {
  isWhole(0)('minLength', 'length', length);
  isWhole(0)('minLength', 'end', end);
  const endless = never([end]);
  return (logits, context) => (context.step < length ? endless(logits, context) : logits);
}

/** No `n` tokens in a row that were written in this order before (Paulus, Xiong, Socher 2017, §2.5, of three); with 1, no token twice. */
export function noRepeatNgram(n: number): LogitsProcessor {
  isSize('noRepeatNgram', 'n', n);
  return (logits, { step, tokens }) => {
    if (step < n) return logits;
    return changed(logits, (line, row) => {
      const text = tokens(row);
      const last = text.length - n + 1; // where the n − 1 tokens before the next begin
      for (let at = 0; at < last; at++) {
        let same = 0;
        while (same < n - 1 && text[at + same] === text[last + same]) same++;
        if (same === n - 1) line[text[at + n - 1] as number] = SHUT;
      }
    });
  };
}

/** Each row of the batch begins with its own tokens: in their time they are the only ones that may be written. */
export function forced(prefixes: readonly (readonly number[])[]): LogitsProcessor {
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

/** Logits of what was written already divided by `penalty` where they are above 0, multiplied where they are below (Keskar et al. 2019, "CTRL", §4.1). */
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

/** 0, or what may divide logits. */
export const isTemperature: Rule = /* @__PURE__ */ ruleOf(
  '0, or a number from 1e-30 to 1e30',
  (value) => value === 0 || (typeof value === 'number' && value >= 1e-30 && value <= 1e30),
);

/** A share of probability. */
export const isMass: Rule = /* @__PURE__ */ ruleOf(
  'above 0 and at most 1',
  (value) => typeof value === 'number' && value > 0 && value <= 1,
);

/** Logits divided by `value`, the largest moved to 0: below 1 the likely grow likelier. With 0 the likeliest alone is left, the smaller of equals. */
export function temperature(value: number): LogitsProcessor {
  isTemperature('temperature', 'value', value);
  if (value === 0) return topK(1);
  return (logits) => (value === 1 ? logits : mul(sub(logits, max(logits, { axis: 1, keepDims: true })), 1 / value));
}

/** The `k` likeliest tokens (Fan, Lewis, Dauphin 2018, §5.1); of equals the smaller. */
export function topK(k: number): LogitsProcessor {
  isSize('topK', 'k', k);
  return (logits) => {
    if (k >= (logits.shape[1] as number)) return logits;
    const { values, indices } = topk(logits, k);
    return where(upTo(logits, slice(values, 1, k - 1), slice(indices, 1, k - 1)), logits, SHUT);
  };
}

/**
 * The likeliest tokens whose probabilities sum to `mass` or more, as few as can be (Holtzman et al. 2020, §3.1); taken in order of
 * probability, the smaller token first of equals, so that there is always one.
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

/** The last of the probabilities that sum to `mass` or more, in their order, and its token; the very last where all of them do not. */
function lastOf(mass: number, probabilities: Line): [value: number, place: number] {
  const sorted = probabilities.slice().sort().reverse();
  const count = sumsTo(mass, sorted) || sorted.length;
  const value = sorted[count - 1] as number;
  let place = -1;
  for (let left = count - sorted.indexOf(value); left > 0; left--) place = probabilities.indexOf(value, place + 1);
  return [value, place];
}

/** How many of the probabilities, in their order, sum to `mass` or more; 0 where all of them do not. */
function sumsTo(mass: number, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    sum += probabilities[i] as number;
    if (sum >= mass) return i + 1;
  }
  return 0;
}

/** Which of x `[N, V]` are at least `least` `[N, 1]`; of those that equal it, up to token `last` `[N, 1]`. */
function upTo(x: Tensor, least: Tensor, last: Tensor): Tensor {
  const before = lessEqual(arange(x.shape[1] as number), last);
  return or(greater(x, least), and(equal(x, least), before));
}
