// The options of every search.

import { where } from '../ops/index.ts';
import { expectOptions, isSize, isWhole, maybe, type Rule, type Rules, ruleOf } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { areTokens, forced, type LogitsProcessor, minLength, never, noRepeatNgram, repetitionPenalty } from './processors.ts';

/** Which tokens may be written, and how their logits are adjusted. */
export interface WritingOptions {
  /** The maximal number of steps: tokens of a sequence, including its end. */
  maxLength: number;
  /** The minimal number of tokens of a sequence, without its end. Default 0. */
  minLength?: number | undefined;
  /** Forbids repeated n-grams of this length, see {@link noRepeatNgram}. Default: repetition is allowed. */
  noRepeatNgram?: number | undefined;
  /** The beginning of each sequence, or one for each row of the batch. The other rules apply after it. Default none. */
  prefix?: readonly number[] | readonly (readonly number[])[] | undefined;
  /** See {@link repetitionPenalty}; it applies before {@link WritingOptions.adjust}. Default 1, none. */
  repetitionPenalty?: number | undefined;
  /** Processors that change the logits and so the probabilities: searches treat their result as the decoder's. Applied in this order. */
  adjust?: readonly LogitsProcessor[] | undefined;
  /**
   * Processors that set forbidden tokens to −∞. The probabilities of the others stay as they are. Applied in this order, after the rules
   * above.
   */
  constrain?: readonly LogitsProcessor[] | undefined;
}

/** All options of a search. */
export interface SearchOptions extends WritingOptions {
  /** Number of rows of the source. */
  batch: number;
  /** The token before the first one. */
  start: number;
  /** The token that ends a sequence. */
  end: number;
  /** Tokens that must not be written, such as padding and the start. The others keep their probabilities. Default none. */
  never?: readonly number[] | undefined;
}

const areProcessors: Rule = /* @__PURE__ */ ruleOf(
  'a list of functions',
  (all) => Array.isArray(all) && all.every((one) => typeof one === 'function'),
);

const arePrefixes: Rule = (op, name, value) => {
  const lists: unknown[] = Array.isArray(value) && value.some(Array.isArray) ? value : [value];
  for (const list of lists) areTokens(op, name, list);
};

/** The rules of {@link WritingOptions}. */
export const writing: Rules<WritingOptions> = {
  maxLength: isSize,
  minLength: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(0)),
  noRepeatNgram: /* @__PURE__ */ maybe(isSize),
  prefix: /* @__PURE__ */ maybe(arePrefixes),
  repetitionPenalty: /* @__PURE__ */ maybe(
    /* @__PURE__ */ ruleOf('a number above 0', (value) => Number.isFinite(value) && (value as number) > 0),
  ),
  adjust: /* @__PURE__ */ maybe(areProcessors),
  constrain: /* @__PURE__ */ maybe(areProcessors),
};

const { maxLength, ...rules } = writing;

/** The rules of {@link SearchOptions}. */
export const searching: Rules<SearchOptions> = {
  batch: /* @__PURE__ */ isWhole(0),
  start: /* @__PURE__ */ isWhole(0),
  end: /* @__PURE__ */ isWhole(0),
  maxLength,
  never: /* @__PURE__ */ maybe(areTokens),
  ...rules,
};

/** Checks the options of a search by their rules, and against each other. */
export function expectSearch<O extends SearchOptions>(op: string, options: O, rules: Rules<NoInfer<O>>): void {
  expectOptions(op, options, rules);
  const { batch, end, maxLength, minLength: least = 0, prefix = [] } = options;
  if (least > maxLength) throw new RangeError(`${op}: minLength must be at most maxLength, got ${least} of ${maxLength}`);
  const prefixes = prefixesOf(prefix, batch);
  if (prefixes.length !== batch) throw new RangeError(`${op}: prefix must have one for each of ${batch} rows, got ${prefixes.length}`);
  const longest = prefixes.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > maxLength) throw new RangeError(`${op}: prefix must be at most maxLength long, got ${longest} of ${maxLength}`);
  if (prefixes.some((tokens) => tokens.includes(end))) throw new RangeError(`${op}: prefix must be without the end, got one with ${end}`);
}

/** The prefix of each row of the batch. */
function prefixesOf(prefix: NonNullable<WritingOptions['prefix']>, batch: number): readonly (readonly number[])[] {
  const each = prefix as readonly (readonly number[])[];
  return each.some(Array.isArray) ? each : new Array<readonly number[]>(batch).fill(prefix as readonly number[]);
}

/** How logits are changed, and which tokens are excluded after that. */
export interface Rewriting {
  readonly adjust: readonly LogitsProcessor[];
  readonly constrain: readonly LogitsProcessor[];
}

/** The processors that the options ask for. */
export function rewriting(options: SearchOptions): Rewriting {
  const { batch, end, never: barred = [], minLength: least = 0, noRepeatNgram: n, repetitionPenalty: penalty = 1 } = options;
  const prefixes = prefixesOf(options.prefix ?? [], batch);
  const shut = [
    ...(barred.length > 0 ? [never(barred)] : []),
    ...(least > 0 ? [minLength(least, end)] : []),
    ...(n === undefined ? [] : [noRepeatNgram(n)]),
    ...(options.constrain ?? []),
  ];
  return {
    adjust: [...(penalty === 1 ? [] : [repetitionPenalty(penalty)]), ...(options.adjust ?? [])],
    constrain: prefixes.some(({ length }) => length > 0) ? [beginning(prefixes, shut)] : shut,
  };
}

/** Rows that still have a prefix to write write it; the other rules apply to the others. */
function beginning(prefixes: readonly (readonly number[])[], rules: readonly LogitsProcessor[]): LogitsProcessor {
  const first = forced(prefixes);
  const longest = prefixes.reduce((most, { length }) => Math.max(most, length), 0);
  return (logits, context) => {
    const free = rules.reduce((x, rule) => rule(x, context), logits);
    if (context.step >= longest) return free;
    const still = context.items.map((item) => context.step < (prefixes[item]?.length ?? 0));
    return where(tensor(still, { shape: [still.length, 1] }), first(logits, context), free);
  };
}
