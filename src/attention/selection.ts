// How much a query takes of each key: a little of every key, or all of a few.

import { mul, softmax, sparsemax } from '../ops/index.ts';
import { softmaxRows } from '../ops/weights.ts';
import { expectOptions, type Rule, ruleOf } from '../tensor/check.ts';
import { expectScores } from './given.ts';
import type { Selection } from './parts.ts';

/** Softmax over the keys, so that every key counts a little (Bahdanau et al. 2015, eq. 6). */
export const soft: Selection = {
  kind: 'softmax',
  select(scores, context) {
    expectScores('soft', scores, context);
    return { weights: softmaxRows(scores, context.mask) };
  },
};

/** A temperature τ; a function lets it change during training. */
export type Temperature = number | (() => number);

/** The rule of a temperature. A function is called and checked at each use. */
export const isTemperature: Rule = /* @__PURE__ */ ruleOf(
  'a number above 0 or a function',
  (value) => typeof value === 'function' || (Number.isFinite(value) && (value as number) > 0),
);

/** `1 / τ`, checked. */
export function inverse(op: string, temperature: Temperature): number {
  const value = typeof temperature === 'number' ? temperature : temperature();
  if (!(value > 0)) throw new RangeError(`${op}: temperature must be above 0, got ${value}`);
  return 1 / value;
}

/** `softmax(score / τ)` (Hinton, Vinyals, Dean 2015, eq. 1): below 1 sharper, above 1 flatter. */
export function tempered(options: { temperature: Temperature }): Selection {
  expectOptions('tempered', options, { temperature: isTemperature });
  return {
    select(scores, context) {
      expectScores('tempered', scores, context);
      return { weights: softmax(mul(scores, inverse('tempered', options.temperature)), { mask: context.mask }) };
    },
  };
}

/** {@link sparsemax}: many weights are exactly 0 (Martins and Astudillo 2016). */
export const sparse: Selection = {
  select(scores, context) {
    expectScores('sparse', scores, context);
    return { weights: sparsemax(scores, { mask: context.mask }) };
  },
};
