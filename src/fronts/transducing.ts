// What a Transducer is asked and answers.

import type { Vocabulary } from '../data/vocabulary.ts';
import type { ErrorRates } from '../metrics/error-rates.ts';
import { anything, isSize, maybe, type Rules, ruleOf, shown } from '../tensor/check.ts';
import { expectRows, type FrontReport, isReport, teachingRules } from './front.ts';
import type { TeachingOptions } from './teaching.ts';

/** A string, and what it becomes. */
export type TextPair = readonly [source: string, target: string];

/** How `Transducer.fit` learns. */
export interface TransducerOptions extends TeachingOptions {
  /** Pairs that are known: a source that stands here becomes what stands here, without the model. Several targets of one source are all right. */
  lexicon?: readonly TextPair[] | undefined;
  /** Width of the model. Default: 64 below 5,000 pairs, 128 below 50,000, else 256. */
  width?: number | undefined;
}

/** How `Transducer.update` goes on. */
export interface TransducerUpdateOptions extends TeachingOptions {
  /** Pairs from before that are learnt again with the new ones, so that they are not forgotten. Default none. */
  replay?: readonly TextPair[] | undefined;
}

/** How `Transducer.predict` searches. */
export interface ConvertOptions {
  /** Strings that are kept at each step. Default 4. */
  beam?: number | undefined;
  /** Strings to give, at most `beam`. Default 1. */
  nBest?: number | undefined;
}

/** How well strings are converted: the share that is wrong, and wrong characters. */
export interface TransducerEvaluation extends ErrorRates {
  /** Share of sources that become just what one of their targets is. */
  readonly exact: number;
}

/** What a `Transducer` is made of beside its weights. */
export interface TransducerSettings {
  /** D, the width of encoder and decoder. */
  readonly width: number;
  /** Characters of the longest target. */
  readonly longest: number;
  /** The characters of sources and targets. */
  readonly vocabulary: ReturnType<Vocabulary['toJSON']>;
  /** Pairs that are answered without the model. */
  readonly lexicon: readonly TextPair[];
  /** How the last `fit` or `update` went. */
  readonly report: FrontReport;
}

/** The rule of pairs of strings. */
export const isLexicon = /* @__PURE__ */ ruleOf(
  'a list of pairs of strings',
  (value) =>
    Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((x) => typeof x === 'string')),
);

/** The rule of the options of `fit`. */
export const rules: Rules<TransducerOptions> = {
  ...teachingRules,
  lexicon: /* @__PURE__ */ maybe(isLexicon),
  width: /* @__PURE__ */ maybe(isSize),
};

/** The rule of the options of `update`. */
export const updating: Rules<TransducerUpdateOptions> = { ...teachingRules, replay: /* @__PURE__ */ maybe(isLexicon) };

/** The rule of the options of `predict`. */
export const converting: Rules<ConvertOptions> = { beam: /* @__PURE__ */ maybe(isSize), nBest: /* @__PURE__ */ maybe(isSize) };

/** The rule of the settings in a file. */
export const settingsRules: Rules<TransducerSettings> = {
  width: isSize,
  longest: isSize,
  vocabulary: anything,
  lexicon: isLexicon,
  report: isReport,
};

/** Checks what is to be converted. */
export function expectSource(op: string, what: string, text: unknown): void {
  if (typeof text !== 'string' || text === '') throw new TypeError(`${op}: ${what} must be a string that is not empty, got ${shown(text)}`);
}

/** Checks pairs: two strings each, the first not empty. */
export function expectPairs(op: string, pairs: unknown, least: number): void {
  expectRows(op, pairs, least);
  (pairs as unknown[]).forEach((pair, i) => {
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((text) => typeof text !== 'string') || pair[0] === '') {
      throw new TypeError(`${op}: row ${i} must be two strings, the first not empty, got ${shown(pair)}`);
    }
  });
}
