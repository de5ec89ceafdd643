// Where a query may look.

import { stretched } from '../autograd/arithmetic.ts';
import { Module } from '../nn/module.ts';
import { mapState, type State } from '../nn/state.ts';
import { byDistance } from '../ops/distance.ts';
import { abs, add, and, gather, lessEqual, mul, neg, reshape, select, slice, sub, toFloat } from '../ops/index.ts';
import { viewed } from '../ops/view.ts';
import type { DType } from '../runtime/backend.ts';
import { expectOptions, isFunction, maybe, ruleOf } from '../tensor/check.ts';
import { arange } from '../tensor/create.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { elementsOf, expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';
import { expectScores, limitedBy, placesBy } from './given.ts';
import { coverageSoFar, placeOfQuery, placesOf, rememberedBy, stepsSoFar } from './history.ts';
import { type Beside, type Context, does, type History, type Places, type Window, type Windowed } from './parts.ts';

/** Everywhere the mask allows. */
export const everywhere: Window = {
  limit(scores, context) {
    expectScores('everywhere', scores, context);
    return { scores, mask: context.mask };
  },
  places: () => ({}),
};

const ofOneHead = (x: Tensor) => viewed(x, x.shape.toSpliced(1, 0, 1)); // [B, 1, 1 or T, S]

/** The conjunction of two masks, either of which may be absent. */
export function bothMasks(a: Tensor, b: Tensor | undefined): Tensor {
  return b ? and(a, b) : a;
}

/**
 * A window that ignores the scores: it depends on positions and on `history` alone. `places` receives the shape of one head's scores `[B,
 * T, S]`, its state and the number of heads, and returns a mask, a bias or both: `[1 or B, 1 or T, S]` for all heads, or `[1 or B, H, 1 or
 * T, S]`. `[T, S]` is refused, since it could be taken for `[B, S]`. Heads with such a window stay one op.
 */
export function positional(places: NonNullable<Window['places']>, options: { history?: History | undefined } = {}): Window {
  isFunction('positional', 'places', places);
  expectOptions('positional', options, { history: maybe(does('initial')) });
  return {
    ...(options.history && { history: options.history }),
    places,
    limit(scores, context) {
      expectScores('positional', scores, context);
      const { state, mask: given, heads = 1, query } = context;
      expectTensor('positional', 'context.query', query);
      const { mask, bias } = ofHeads(places, scores.shape, state, heads, query);
      return { scores: bias ? add(scores, bias) : scores, mask: mask ? bothMasks(mask, given) : given };
    },
  };
}

/** The result of `places` for scores `[B · H, T, S]`: masks and biases of that shape, or with one row for all queries. */
function ofHeads(places: NonNullable<Window['places']>, scores: Shape, state: State, heads: number, query: Tensor): Places {
  const [count, queries, keys] = scores as [number, number, number];
  const batch = count / heads;
  const first = heads === 1 ? state : mapState(state, (x) => select(viewed(x, [batch, heads, ...x.shape.slice(1)]), 1, 0));
  const q = viewed(query, [batch, heads, ...query.shape.slice(1)]);
  const { mask, bias } = inPairs(
    placesBy({ places }, [batch, queries, keys], first, heads, false, q),
    [batch, heads, queries, keys],
    first,
  );
  const flat = (x: Tensor) => {
    if (heads === 1 && x.rank === 3) return x;
    const all = x.rank === 3 ? ofOneHead(x) : x;
    return viewed(stretched(all, [batch, heads, ...all.shape.slice(2)]), [count, ...all.shape.slice(2)]);
  };
  return { ...(mask && { mask: flat(mask) }), ...(bias && { bias: flat(bias) }) };
}

/** The same as a mask and a bias of each query and key: what heads that are one op leave to it. */
function inPairs({ before, after, slopes, distance, ...rest }: Places, target: Shape, state: State): Places {
  const [batch, , queries, keys] = target as [number, number, number, number];
  if (before === undefined && after === undefined && !slopes && !distance) return rest;
  const places = viewed(placesOf(state, 'place', queries), [batch, 1, queries, 1]);
  const far = sub(arange(keys), places); // [B, 1, T, S]
  const low = before !== undefined && { mask: lessEqual(-before, far) };
  const high = after !== undefined && { mask: lessEqual(far, after) };
  const steep = slopes && { bias: neg(mul(slopes, abs(toFloat(far)))) };
  const told = distance && { bias: byDistance(distance.bias, far, distance.zero, target) };
  return [low, high, steep, told].reduce<Places>((all, one) => (one ? joined(all, one) : all), rest);
}

/** What two windows derive, as one. */
function joined(a: Places, b: Places): Places {
  const ofAll = (x: Tensor) => (x.rank === 3 ? ofOneHead(x) : x);
  const least = (x: number | undefined, y: number | undefined) => (x === undefined ? y : y === undefined ? x : Math.min(x, y));
  const [before, after] = [least(a.before, b.before), least(a.after, b.after)];
  const slopes = a.slopes && b.slopes ? add(a.slopes, b.slopes) : (a.slopes ?? b.slopes);
  return {
    ...a,
    ...(b.mask && { mask: bothMasks(ofAll(b.mask), a.mask && ofAll(a.mask)) }),
    ...(b.bias && { bias: a.bias ? add(ofAll(a.bias), ofAll(b.bias)) : ofAll(b.bias) }),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    ...(slopes && { slopes }),
    ...(b.distance && { distance: b.distance }),
  };
}

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
  const ends = { ...(Number.isFinite(before) && { before }), ...(Number.isFinite(after) && { after }) };
  const places: Window['places'] = () => ends;
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
    limit(scores, context) {
      expectScores('coverage', scores, context);
      const seen = rememberedBy('coverage', context.state, 'coverage');
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
    const tables = windows.filter(({ beside }) => beside).length;
    if (tables > 1) throw new RangeError(`CombinedWindow: windows must read at most one table besides the values, got ${tables}`);
  }

  get beside(): Beside | undefined {
    return this.windows.find(({ beside }) => beside)?.beside;
  }

  limit(scores: Tensor, context: Context): Windowed {
    expectScores('CombinedWindow', scores, context);
    let result: Windowed = { scores, mask: context.mask };
    for (const window of this.windows) {
      // Each receives the mask of the call: where another window looks says nothing about the number of keys.
      const { scores: after, mask, factor } = limitedBy(window, result.scores, context);
      const narrowed = mask && mask !== result.mask ? bothMasks(mask, result.mask) : result.mask;
      const all = factor && result.factor ? mul(result.factor, factor) : (factor ?? result.factor);
      result = { scores: after, mask: narrowed, ...(all && { factor: all }) };
    }
    return result;
  }
}

/**
 * The combined effect of windows that ignore scores, on heads `[B, H, T, S]`: all hide what one hides, and what they add is added up. One of them may
 * go by distance; what others add so becomes a bias of each query and key.
 */
export function allPlaces(windows: readonly Window[], ...given: Parameters<NonNullable<Window['places']>>): Places {
  const [[batch = 0, queries = 0, keys = 0], state, heads] = given;
  const pairs = (places: Places) => inPairs(places, [batch, heads, queries, keys], state);
  const all = windows.reduce<Places>((sum, window) => {
    const { distance, ...rest } = placesBy(window, ...given);
    const one = distance && sum.distance ? joined(rest, pairs({ distance })) : { ...rest, ...(distance && { distance }) };
    return joined(sum, one);
  }, {});
  const { slopes, distance, ...rest } = all;
  const table = windows.find(({ beside }) => beside)?.beside;
  if (distance && table && (distance.zero !== table.zero || distance.bias.shape.at(-1) !== table.table.shape[0])) {
    return joined(rest, pairs({ distance, ...(slopes && { slopes }) })); // the op takes distances of one kind
  }
  return slopes && distance ? joined({ ...rest, distance }, pairs({ slopes })) : all;
}

/** The windows that a window consists of. */
export function partsOf(window: Window | undefined): readonly Window[] {
  return window ? (window.windows?.flatMap(partsOf) ?? [window]) : [];
}
