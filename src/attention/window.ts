// Where a query may look.

import { stretched } from '../autograd/arithmetic.ts';
import { Module } from '../nn/module.ts';
import { mapState, type State } from '../nn/state.ts';
import { abs, add, and, gather, lessEqual, mul, reshape, select, slice, sub, toFloat } from '../ops/index.ts';
import { viewed } from '../ops/view.ts';
import type { DType } from '../runtime/backend.ts';
import { expectOptions, maybe, ruleOf } from '../tensor/check.ts';
import { arange } from '../tensor/create.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { elementsOf, expectDType, Tensor } from '../tensor/tensor.ts';
import { coverageSoFar, placeOfQuery, placesOf, stepsSoFar } from './history.ts';
import { type Context, does, type History, type Places, type Window, type Windowed } from './parts.ts';

/** Everywhere the mask allows. */
export const everywhere: Window = { limit: (scores, { mask }) => ({ scores, mask }), places: () => ({}) };

const ofOneHead = (x: Tensor) => viewed(x, x.shape.toSpliced(1, 0, 1)); // [B, 1, 1 or T, S]

/** The conjunction of two masks, either of which may be absent. */
export function bothMasks(a: Tensor, b: Tensor | undefined): Tensor {
  return b ? and(a, b) : a;
}

/**
 * A window that ignores the scores: it depends on positions and on `history` alone. `places` receives the shape of one head's scores `[B,
 * T, S]`, its state and the number of heads, and returns a mask, a bias or both: `[B, T, S]` for all heads, or `[B, H, T, S]`, whose first
 * axis may be 1. Heads with such a window stay one op.
 * first axis may be 1. Heads with such a window stay one op.
 */
export function positional(places: NonNullable<Window['places']>, options: { history?: History | undefined } = {}): Window {
  isFunction('positional', 'places', places);
  expectOptions('positional', options, { history: maybe(does('initial')) });
  return {
    ...(options.history && { history: options.history }),
    places,
    limit(scores, { state, mask: given, heads = 1 }) {
      const { mask, bias } = ofHeads(places, scores.shape, state, heads);
      return { scores: bias ? add(scores, bias) : scores, mask: mask ? bothMasks(mask, given) : given };
    },
  };
}

/** The result of `places` for scores `[B · H, T, S]`: masks and biases of that shape, or with one row for all queries. */
function ofHeads(places: NonNullable<Window['places']>, scores: Shape, state: State, heads: number): Places {
  const [count, queries, keys] = scores as [number, number, number];
  const batch = count / heads;
  const first = heads === 1 ? state : mapState(state, (x) => select(viewed(x, [batch, heads, ...x.shape.slice(1)]), 1, 0));
  const { mask, bias } = places([batch, queries, keys], first, heads);
  const flat = (x: Tensor) => {
    if (heads === 1 && x.rank === 3) return x;
    const all = x.rank === 3 ? ofOneHead(x) : x;
    return viewed(stretched(all, [batch, heads, ...all.shape.slice(2)]), [count, ...all.shape.slice(2)]);
  };
  return { ...(mask && { mask: flat(mask) }), ...(bias && { bias: flat(bias) }) };
}

const isFunction = /* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function');

/** `s − p`: the offset of each of S keys from places p `[B, T]`, as `[B, T, S]`. */
export function offsets(places: Tensor, keys: number): Tensor {
  return sub(toFloat(arange(keys)), reshape(toFloat(places), [...places.shape, 1]));
}

const isDistance = /* @__PURE__ */ ruleOf('a number', (value) => typeof value === 'number' && !Number.isNaN(value));

/**
 * Keys up to `before` positions before and `after` positions after the query's own, which is aligned so that the last query is at the last
 * key. Without a number that side is unlimited (Beltagy, Peters, Cohan 2020, "Longformer", §3.1).
 */
export function sliding(options: { before?: number | undefined; after?: number | undefined }): Window {
  expectOptions('sliding', options, { before: maybe(isDistance), after: maybe(isDistance) });
  const { before = Number.POSITIVE_INFINITY, after = Number.POSITIVE_INFINITY } = options;
  const places: Window['places'] = ([, queries, keys], state) => {
    const offset = offsets(placesOf(state, 'place', queries as number), keys as number);
    return { mask: and(lessEqual(-before, offset), lessEqual(offset, after)) };
  };
  const all = before === Number.POSITIVE_INFINITY && after === 0;
  return { ...positional(places, { history: placeOfQuery }), ...(all && { kind: 'causal' }) };
}

/** The query's own position and those before it; the last query is at the last key (Vaswani et al. 2017, §3.2.3). */
export const causal: Window = /* @__PURE__ */ sliding({ after: 0 });

/** `|s − p| ≤ size` of offsets s − p, as bool of their shape (Luong, Pham, Manning 2015, §3.2). */
export function near(offset: Tensor, size: number): Tensor {
  return lessEqual(abs(offset), size);
}

/** The t-th query may look where row t of `mask` (bool `[T, S]` or `[1, T, S]`) is true. */
export function masked(mask: Tensor): Window {
  expectTable('masked', mask, 'bool');
  return positional((scores, state, _, growing) => ({ mask: rows('masked', mask, scores, state, growing) }), { history: stepsSoFar });
}

/** Adds row t of `bias` to the scores of the t-th query; `[T, S]` may be a parameter, the window's `bias`. */
export function biased(bias: Tensor): Window & { readonly bias: Tensor } {
  expectTable('biased', bias, 'float32');
  return {
    ...positional((scores, state, _, growing) => ({ bias: rows('biased', bias, scores, state, growing) }), { history: stepsSoFar }),
    bias,
  };
}

function expectTable(op: string, table: Tensor, dtype: DType): void {
  expectDType(op, 'table', table, dtype);
  if (table.rank === 2 || (table.rank === 3 && table.shape[0] === 1)) return;
  throw new RangeError(`${op}: table must be [T, S] or [1, T, S], got ${show(table.shape)}`);
}

/** The rows of a table for queries `[B, T, S]`. The table may have more rows, and more columns if keys grow. */
function rows(op: string, table: Tensor, scores: Shape, state: State, growing = false): Tensor {
  const places = placesOf(state, 'steps', scores[1] as number);
  const [length = 0, columns = 0] = table.shape.slice(-2);
  const keys = scores[2] as number;
  if (columns < keys || (columns > keys && !growing) || elementsOf(places).some((place) => place >= length)) {
    throw new RangeError(`${op}: table must have a row for each query and a column for each of ${keys} keys, got ${show(table.shape)}`);
  }
  const all = gather(table.rank === 2 ? table : reshape(table, table.shape.slice(1)), places);
  return columns === keys ? all : slice(all, 2, 0, keys);
}

/**
 * `score − strength · Σ α′`: keys that were attended to score lower. The sum of earlier weights is the coverage of See, Liu, Manning 2017
 * (eq. 10), which they feed to the score; here it lowers it. `strength` may be a parameter `[1]`.
 */
export function coverage(options: { strength: number | Tensor }): Window<{ coverage: Tensor }> & { readonly strength: number | Tensor } {
  expectOptions('coverage', options, {
    strength: ruleOf('a number or a tensor', (value) => value instanceof Tensor || Number.isFinite(value)),
  });
  return {
    strength: options.strength,
    history: coverageSoFar,
    limit(scores, { state: { coverage: seen } }) {
      return { scores: sub(scores, mul(reshape(seen, seen.shape.toSpliced(1, 0, 1)), options.strength)) };
    },
  };
}

/**
 * Applies several windows: scores pass through one after the other, a key is seen if all allow it, and factors multiply. If none of them
 * looks at scores (causal, sliding, masked, biased), the heads stay one op.
 */
export class CombinedWindow extends Module implements Window {
  readonly windows: readonly Window[];
  readonly history?: History;
  readonly places?: NonNullable<Window['places']>;

  constructor(...windows: Window[]) {
    super();
    for (const [i, window] of windows.entries()) does('limit')('CombinedWindow', `window ${i}`, window);
    this.windows = windows;
    const history = windows.reduce<History | undefined>((all, window) => window.history?.and(all) ?? all, undefined);
    if (history) this.history = history;
    if (windows.every(({ places }) => places)) this.places = (...given) => allPlaces(windows, ...given);
  }

  limit(scores: Tensor, context: Context): Windowed {
    let result: Windowed = { scores, mask: context.mask };
    for (const window of this.windows) {
      // Each receives the mask of the call: where another window looks says nothing about the number of keys.
      const { scores: after, mask, factor } = window.limit(result.scores, context);
      const narrowed = mask && mask !== result.mask ? bothMasks(mask, result.mask) : result.mask;
      const all = factor && result.factor ? mul(result.factor, factor) : (factor ?? result.factor);
      result = { scores: after, mask: narrowed, ...(all && { factor: all }) };
    }
    return result;
  }
}

/**
 * The combined effect of windows that ignore scores, on heads `[B, H, T, S]`: the conjunction of their masks, and the sum of their biases.
 */
export function allPlaces(windows: readonly Window[], ...given: Parameters<NonNullable<Window['places']>>): Places {
  let all: Places = {};
  const ofAll = (x: Tensor) => (x.rank === 3 ? ofOneHead(x) : x);
  for (const window of windows) {
    const { mask, bias } = window.places?.(...given) ?? {};
    all = {
      ...all,
      ...(mask && { mask: bothMasks(ofAll(mask), all.mask) }),
      ...(bias && { bias: all.bias ? add(all.bias, ofAll(bias)) : ofAll(bias) }),
    };
  }
  return all;
}

/** The windows that a window consists of. */
export function partsOf(window: Window | undefined): readonly Window[] {
  return window ? (window.windows?.flatMap(partsOf) ?? [window]) : [];
}
