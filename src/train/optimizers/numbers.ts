// Host arithmetic with + and × alone: it gives the same bits in every engine, unlike Math.pow and Math.cos.

import { maybe, type Rule, ruleOf } from '../../tensor/check.ts';

/** `base^exponent` for a whole exponent of at least 0, by squaring. */
export function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2), square *= square) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
}

/**
 * `(1 + cos πt) / 2` for t in [0, 1], computed as 1 − sin² x with x = πt/2, and beyond t = ½ as its complement. The series of sin up to x¹⁵
 * is accurate to 5e-17 for x ≤ π/4.
 */
export function halfCosine(t: number): number {
  if (t > 0.5) return 1 - halfCosine(1 - t);
  const x = (Math.PI / 2) * t;
  let term = x;
  let sine = x;
  for (let k = 2; k <= 14; k += 2) {
    term *= -(x * x) / (k * (k + 1));
    sine += term;
  }
  return 1 - sine * sine;
}

/** `low ≤ value < high`. */
export const isWithin = (low: number, high = Infinity): Rule =>
  ruleOf(high === Infinity ? `a finite number of at least ${low}` : `in [${low}, ${high})`, (value) => {
    return typeof value === 'number' && value >= low && value < high;
  });

/** Checks `low ≤ value < high`. */
export function expectWithin(op: string, name: string, value: number, low: number, high = Infinity): void {
  isWithin(low, high)(op, name, value);
}

/** An option of at least 0, with a default. */
export const fromZero: Rule = /* @__PURE__ */ maybe(isWithin(0));

/** The decay of a running mean, in [0, 1), with a default. */
export const share: Rule = /* @__PURE__ */ maybe(isWithin(0, 1));

/** The two 32-bit words of a float64, low word first: the layout on every engine with WebAssembly. */
export function toWords(value: number): Int32Array {
  return new Int32Array(Float64Array.of(value).buffer);
}

/** The float64 of two 32-bit words, low word first. */
export function fromWords(words: ArrayLike<number>): number {
  return new Float64Array(Int32Array.from(words).buffer)[0] as number;
}
