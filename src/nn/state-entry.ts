// The entries of a StateMap, checked and compiled for both directions.

import { expectNames, isOneOf, isWhole, shown } from '../tensor/check.ts';
import { type Pattern, patternOf } from './pattern.ts';

/**
 * One line of a {@link StateMap}: relates names of a file to paths of the module by patterns. The n-th `*` (one or more characters except
 * dots) or `**` (any characters) of one side equals the n-th of the other.
 */
export type StateMapEntry =
  | {
      /** A name of the file, or a list of names that are joined. */
      readonly from: string | readonly string[];
      /** A path of the module, or a list of paths between which one name is split. At most one side is a list. */
      readonly to: string | readonly string[];
      /** The order of the file's axes in the module, as in `permute`; `true` swaps the two of a matrix. */
      readonly transpose?: true | readonly number[] | undefined;
      /** The axis of the module's tensors along which to split or join. Default 0. */
      readonly axis?: number | undefined;
      /** The proportions of the lengths along it. Default: all equal. */
      readonly shares?: readonly number[] | undefined;
    }
  /** A name of the file, or a path of the module, that the other side does not have. */
  | { readonly from: string; readonly ignore: true }
  | { readonly to: string; readonly ignore: true }
  /**
   * A name of the file that repeats another name of the file, or a path of the module that repeats another path: both must hold the same,
   * and saving writes both.
   */
  | { readonly from: string; readonly tie: string }
  | { readonly to: string; readonly tie: string };

/** How tensors of one side become tensors of the other. At most one of the lists of patterns has several. */
export interface Rule {
  readonly from: readonly Pattern[];
  readonly to: readonly Pattern[];
  /** The axis of `from` for each axis of `to`; unchanged if absent. */
  readonly axes: readonly number[] | undefined;
  /** The axis of `to` that is split or joined, and the proportions. */
  readonly axis: number;
  readonly shares: readonly number[];
}

/** What to do with a name that matches one of the patterns. */
export interface Line {
  /** The position of the entry in the table. */
  readonly entry: number;
  readonly from: readonly Pattern[];
  readonly rule?: Rule;
  /** The name that it repeats. */
  readonly tie?: Pattern;
}

/** One side of a table: its names, in the order of the entries. A line with neither rule nor tie ignores its names. */
export type Side = readonly Line[];

/** The sides of the file and of the module. */
export function sidesOf(entries: readonly StateMapEntry[]): [file: Side, module: Side] {
  if (!Array.isArray(entries)) throw new TypeError(`StateMap: entries must be a list, got ${shown(entries)}`);
  const [file, module]: [Line[], Line[]] = [[], []];
  for (const [entry, given] of (entries as readonly StateMapEntry[]).entries()) {
    expectNames('StateMap', given as object, { from: 0, to: 0, transpose: 0, axis: 0, shares: 0, ignore: 0, tie: 0 });
    if ('ignore' in given || 'tie' in given) {
      const line = { entry, from: patternsOf('from' in given ? given.from : given.to) };
      const tie = 'tie' in given ? patternsOf(given.tie) : [];
      if ('ignore' in given) isOneOf('true')('StateMap', 'ignore', String(given.ignore));
      ('from' in given ? file : module).push('tie' in given ? { ...line, tie: alike(line.from, tie)[0] as Pattern } : line);
      continue;
    }
    const rule = ruleOf(given);
    file.push({ entry, from: rule.from, rule });
    module.push({ entry, from: rule.to, rule: inverse(rule) });
  }
  return [file, module];
}

function ruleOf({ from, to, transpose, axis = 0, shares }: Extract<StateMapEntry, { transpose?: unknown }>): Rule {
  const [names, paths] = [patternsOf(from), patternsOf(to)];
  alike(names, paths);
  const parts = Math.max(names.length, paths.length);
  if (Math.min(names.length, paths.length) !== 1)
    throw new RangeError(`StateMap: from or to must be one name, got ${names.length} and ${paths.length}`);
  const axes = transpose === true ? [1, 0] : transpose;
  if (axes && ![...axes].sort((a, b) => a - b).every((value, i) => value === i))
    throw new RangeError(`StateMap: transpose must be true or name each axis once, got ${shown(axes)}`);
  isWhole(0)('StateMap', 'axis', axis);
  const lengths = shares ?? new Array<number>(parts).fill(1);
  if (lengths.length !== parts) throw new RangeError(`StateMap: shares must be of the ${parts} names, got ${shown(lengths)}`);
  for (const share of lengths) isWhole(1)('StateMap', 'shares', share);
  return { from: names, to: paths, axes, axis, shares: lengths };
}

function inverse({ from, to, axes, axis, shares }: Rule): Rule {
  return { from: to, to: from, axes: axes?.map((_, i) => axes.indexOf(i)), axis: axes?.[axis] ?? axis, shares };
}

function patternsOf(given: unknown): Pattern[] {
  const texts = [given].flat();
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string'))
    throw new TypeError(`StateMap: from, to and tie must be names, got ${shown(given)}`);
  return texts.map(patternOf);
}

/** Checks that all patterns have the same number of stars, and returns the second list. */
function alike(names: readonly Pattern[], paths: readonly Pattern[]): readonly Pattern[] {
  const all = [...names, ...paths];
  if (all.every(({ stars }) => stars === all[0]?.stars)) return paths;
  throw new RangeError(`StateMap: names must have as many stars on both sides, got ${all.map(({ text }) => text).join(' and ')}`);
}
