// Checks of what callers pass in: sizes, probabilities, keys, and option names, which no compiler checks for JavaScript callers.

import type { Key } from './key.ts';

/** Checks one argument and throws `op: name must be …, got …`. */
export type Rule = (op: string, name: string, value: unknown) => void;

/** One rule per option of `O`; a missing or surplus rule does not compile. */
export type Rules<O> = { readonly [Name in keyof O]-?: Rule };

/** The option names of `O`, exactly; {@link Rules} also serve as names. */
export type Names<O> = { readonly [Name in keyof O]-?: unknown };

/** Formats a value for messages: strings in quotes, so that '3' is not mistaken for 3, and objects by their kind. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value))
    return value.length > 8
      ? `an array of ${value.length}`
      : `[${value.map((x) => (typeof x === 'object' ? 'an object' : String(x))).join(', ')}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value ? 'an object' : String(value);
}

/** Makes a rule from a predicate; `rule` states the requirement in words. */
export const ruleOf =
  (rule: string, check: (value: unknown) => boolean): Rule =>
  (op, name, value) => {
    if (!check(value)) throw new RangeError(`${op}: ${name} must be ${rule}, got ${shown(value)}`);
  };

/** A whole number from `least`. */
export const isWhole = (least: number): Rule =>
  ruleOf(`a whole number from ${least}`, (value) => Number.isSafeInteger(value) && (value as number) >= least);

/** A size of at least one: a whole number from 1. */
export const isSize: Rule = /* @__PURE__ */ isWhole(1);

/** A count that may be zero: a whole number from 0. */
export const isCount: Rule = /* @__PURE__ */ isWhole(0);

/** A finite number. */
export const isNumber: Rule = /* @__PURE__ */ ruleOf('a finite number', Number.isFinite);

/** A finite number above 0. */
export const isPositive: Rule = /* @__PURE__ */ ruleOf('a number above 0', (value) => Number.isFinite(value) && (value as number) > 0);

/** A drop probability: in [0, 1). */
export const isShare: Rule = /* @__PURE__ */ ruleOf('in [0, 1)', (value) => typeof value === 'number' && value >= 0 && value < 1);

/** A function. */
export const isFunction: Rule = /* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function');

/** True or false. */
export const isFlag: Rule = /* @__PURE__ */ ruleOf('true or false', (value) => typeof value === 'boolean');

/** A text. */
export const isText: Rule = /* @__PURE__ */ ruleOf('a string', (value) => typeof value === 'string');

/** One of the given words. */
export const isOneOf = (...words: string[]): Rule => ruleOf(`one of ${words.join(', ')}`, (value) => words.includes(value as string));

/** An array or a typed array. */
export const isList: Rule = /* @__PURE__ */ ruleOf(
  'a list',
  (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)),
);

/** Accepts anything: the value is checked elsewhere. */
export const anything: Rule = () => {};

/** The rule of an optional value. */
export const maybe =
  (rule: Rule): Rule =>
  (op, name, value) => {
    if (value !== undefined) rule(op, name, value);
  };

/** Refuses option names that are not in `names`. It allocates nothing, so ops can afford to call it. */
export function expectNames<O extends object>(op: string, options: O, names: Names<NoInfer<O>>, what = 'options'): void {
  if (typeof options !== 'object' || options === null || Symbol.iterator in options)
    throw new TypeError(`${op}: ${what} must be an object, got ${shown(options)}`);
  for (const name in options) {
    if (!Object.hasOwn(names, name)) throw new TypeError(`${op}: ${what} must be among ${Object.keys(names).join(', ')}, got ${name}`);
  }
}

/** A key, made by `key(seed)`, `split` or `foldIn`. */
export const isKey: Rule = (op, _, value) => expectKey(op, value as Key);

/** The options of calls that draw random numbers: a key, given in training. */
export const keyName: Names<{ key?: Key }> = { key: 1 };

/** Checks the option names of a call that may draw, and its key: a wrong one must not wait for the day something is drawn. */
export function expectCall<O extends { key?: Key | undefined }>(op: string, options: O, names: Names<NoInfer<O>>): void {
  expectNames(op, options, names);
  if (options.key !== undefined) expectKey(op, options.key);
}

/** Refuses what is no object with these fields, such as a state, or what one method returns and another takes. */
export function expectFields(op: string, name: string, value: object, ...fields: string[]): void {
  const given: unknown = value;
  if (typeof given === 'object' && given !== null && fields.every((field) => field in given)) return;
  throw new TypeError(`${op}: ${name} must be an object with [${fields.join(', ')}], got ${shown(given)}`);
}

/** Checks option names, then each value against its rule. */
export function expectOptions<O extends object>(op: string, options: O, rules: Rules<NoInfer<O>>): void {
  expectNames(op, options, rules);
  for (const name of Object.keys(rules) as (keyof O & string)[]) rules[name](op, name, options[name]);
}

/** The first element that fails a test, as a list of one or of none: `find` cannot tell an element that is undefined from no element. */
export function firstWrong<T>(list: ArrayLike<T>, fits: (element: T, i: number) => boolean): readonly [T] | readonly [] {
  for (let i = 0; i < list.length; i++) if (!fits(list[i] as T, i)) return [list[i] as T];
  return [];
}

/** Checks sizes passed as positional arguments: `expectSizes('causalMask', { queries, keys })`. */
export function expectSizes(op: string, sizes: Readonly<Record<string, unknown>>, rule: Rule = isSize): void {
  for (const [name, value] of Object.entries(sizes)) rule(op, name, value);
}

/** Refuses anything that is not a key, such as a plain number or undefined. */
export function expectKey(op: string, key: Key): void {
  if (!Number.isInteger(key?.hi) || !Number.isInteger(key?.lo)) {
    throw new TypeError(`${op}: key must be made by key(seed), split or foldIn, got ${shown(key)}`);
  }
}
