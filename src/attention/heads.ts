// Several heads at once, independent of the maps before and after them.

import { expand } from '../autograd/arithmetic.ts';
import { Module } from '../nn/module.ts';
import { mapState, type State } from '../nn/state.ts';
import { add, less, select } from '../ops/index.ts';
import { viewed } from '../ops/view.ts';
import { expectCall, expectOptions, isSize, keyName, maybe, type Names, ruleOf } from '../tensor/check.ts';
import { arange, tensor, zeros } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';
import { Attention } from './attention.ts';
import { type Between, isBetween } from './between.ts';
import type { KeyValueCache } from './cache.ts';
import { apart, expectHeads, flat, maskOfHeads, selectedBy } from './flat.ts';
import { expectPrepared } from './given.ts';
import { placeOfQuery, placesOf } from './history.ts';
import { maskOfScores } from './mask.ts';
import { inOneOp } from './one-op.ts';
import type { Attended, Prepared, Selected, Steps } from './parts.ts';
import { expectGroups } from './projection.ts';
import { allPlaces, bothMasks, partsOf } from './window.ts';

/** The parts of {@link Heads}. */
export interface HeadsParts {
  /** The mechanism of each head; its `heads` is H. */
  attention: Attention;
  /** G: heads of keys and values; each serves H / G heads of queries. Default H. */
  keyHeads?: number | undefined;
  /** Changes queries and keys before the score. Default: nothing. */
  between?: Between | undefined;
}

/** Options of one call. */
export interface HeadsCall {
  /** bool, true = may attend: `[B, S]` for all queries, `[B, T, S]`, or `[1, T, S]` for all examples. */
  mask?: Tensor | undefined;
  /** With it, selections draw and weights are dropped. */
  key?: Key | undefined;
  /** Whether to return the weights. The output has the same bits without them. Default true. */
  weights?: boolean;
}

const calling: Names<HeadsCall> = { mask: 0, key: 0, weights: 0 };

/** Options of several steps at once. */
export interface StepsCall {
  /** Selections draw, and weights are dropped. */
  key?: Key | undefined;
  /** Returns the weights. The output has the same bits without. Default true. */
  weights?: boolean;
}

/** Names of {@link StepsCall}. */
export const stepping: Names<StepsCall> = { key: 0, weights: 0 };

/** Options of a call that extends a cache. */
export interface ExtendCall {
  /** The number of tokens of each example, at most N; the rest is padding. Default N. */
  lengths?: readonly number[];
  /** Whether to return the weights `[B, H, N, S]`. Default false. */
  weights?: boolean;
  /** bool, true = may attend, besides what lies before each token: `[B, S]` of all tokens so far, `[B, N, S]`, or `[1, N, S]`. */
  mask?: Tensor | undefined;
  /** Drops weights, if the selection is {@link dropping}. */
  key?: Key | undefined;
}

/** The result of a call that extends a cache. The output at padding means nothing. */
export interface Extended {
  /** The output of the tokens `[B, N, ·]`, or of heads `[B, H, N, V]`. */
  output: Tensor;
  /** Of each head `[B, H, N, S]`, if requested. */
  weights?: Tensor;
  /** The cache with these tokens. */
  cache: KeyValueCache;
}

/** Which of the keys each text has: bool `[B, 1, 1, S]`. */
function ownKeys(lengths: readonly number[], keys: number): Tensor {
  return less(arange(keys), tensor(Int32Array.from(lengths), { shape: [lengths.length, 1, 1, 1] }));
}

/** A mask of scores `[B, T, S]` for all heads: `[B, 1, 1 or T, S]`. */
function ofHeads(mask: Tensor, scores: Shape): Tensor {
  const all = maskOfScores(mask, scores);
  return viewed(all, all.shape.toSpliced(1, 0, 1));
}

/** The conjunction of masks that are there. */
const allMasks = (...masks: readonly (Tensor | undefined)[]) => masks.reduce((all, mask) => (mask ? bothMasks(mask, all) : all), undefined);

/** Repeats the rows of the keys' heads for the queries' heads: `[B, G, …]` as `[B, H, …]`. */
function spread(x: Tensor, heads: number): Tensor {
  const [batch, groups, ...rest] = x.shape as [number, number, ...number[]];
  if (groups === heads) return x;
  const all = expand(viewed(x, [batch, groups, 1, ...rest]), [batch, groups, heads / groups, ...rest]);
  return viewed(all, [batch, heads, ...rest]);
}

/**
 * Heads that attend at once, with queries `[B, H, T, D]`, keys `[B, G, S, D]` and values `[B, G, S, V]` that are mapped already (see {@link
 * Projection}). If the `kind` of the parts says dot product (score), softmax (selection) and weighted sum (read), and the window depends on
 * positions alone, then all heads are one {@link scaledDotProductAttention}. Otherwise each head is an example of its own, and keys that
 * several heads share are copied for each.
 */
export class Heads extends Module {
  readonly attention: Attention;
  readonly between: Between | undefined;
  readonly heads: number;
  readonly keyHeads: number;

  constructor(parts: HeadsParts) {
    super();
    const isAttention = ruleOf('an Attention', (value) => value instanceof Attention);
    expectOptions('Heads', parts, { attention: isAttention, keyHeads: maybe(isSize), between: maybe(isBetween) });
    const { attention, keyHeads = attention.heads, between } = parts;
    expectGroups('Heads', attention.heads, keyHeads);
    this.attention = attention;
    this.between = between;
    this.heads = attention.heads;
    this.keyHeads = keyHeads;
  }

  /** Whether a call is one op; it is not if the selection draws. */
  fused(key: Key | undefined): boolean {
    const { score, window, selection, read } = this.attention;
    const kinds = score.kind !== undefined && selection.kind === 'softmax' && read.kind === 'weightedSum';
    return kinds && !(key && selection.draws) && (!window || window.places !== undefined);
  }

  /** What the heads read `[B, H, T, V]`, the weights `[B, H, T, S]`, and what else was selected. */
  forward(query: Tensor, keys: Tensor, values: Tensor, options: HeadsCall & { weights: false }): Omit<Attended, 'weights'>;
  forward(query: Tensor, keys: Tensor, values: Tensor, options?: HeadsCall): Attended;
  forward(query: Tensor, keys: Tensor, values: Tensor, options: HeadsCall = {}): Omit<Attended, 'weights'> {
    expectCall('Heads', options, calling);
    expectHeads({ query, keys, values });
    const { mask, key, weights = true } = options;
    const [queries, length] = [query.shape[2] as number, keys.shape[2] as number];
    const fused = this.fused(key);
    const places = fused || this.between ? this.initialState({ keys, values }, queries) : {};
    const q = this.between ? this.placed(query, places) : query;
    const k = this.between ? this.between.key(keys, viewed(arange(length), [1, length])) : keys;
    if (fused) return this.look(q, this.scored(k), values, places, { mask, weights, whole: true });
    const scores = [q.shape[0] as number, queries, length];
    const masked = mask && { mask: maskOfHeads(maskOfScores(mask, scores), this.heads) };
    const all = (x: Tensor) => flat(spread(x, this.heads));
    const { output, ...rest } = this.attention.forward(flat(q), all(k), all(values), { ...masked, ...(key && { key }) });
    return { output: apart(output, this.heads), ...selectedBy(this.heads, rest) };
  }

  /** Prepares keys and values for {@link step}: `[B, G, S, ·]`, in the form that the score takes. */
  prepare(keys: Tensor, values: Tensor, mask?: Tensor): Prepared {
    expectHeads({ keys, values });
    if (mask) expectDType('Heads', 'mask', mask, 'bool');
    const length = keys.shape[2] as number;
    const k = this.between ? this.between.key(keys, viewed(arange(length), [1, length])) : keys;
    const prepared = mapState(this.attention.prepare(flat(k), flat(values)), (x) => apart(x, this.keyHeads)) as Prepared;
    return mask ? { ...prepared, mask } : prepared;
  }

  /** The history of the parts before the first step, for each head `[B, H, …]`. */
  initialState(prepared: Prepared, steps?: number): State {
    expectPrepared('Heads', prepared);
    const { mask: _, ...rest } = prepared;
    const inner = mapState(rest as Prepared, flat);
    const all = { ...(this.between && placeOfQuery.initial(inner, steps)), ...this.attention.initialState(inner, steps) };
    return mapState(all, (x) => spread(apart(x, this.keyHeads), this.heads));
  }

  /** Attends with one query `[B, H, 1, D]`: `context` `[B, H, V]` and weights `[B, H, S]`. */
  step(
    query: Tensor,
    prepared: Prepared,
    state: State,
    options: { key?: Key | undefined } = {},
  ): Selected & { context: Tensor; state: State } {
    expectCall('Heads', options, keyName);
    expectHeads({ query });
    expectPrepared('Heads', prepared);
    const batch = query.shape[0] as number;
    if (this.fused(options.key)) {
      const { output, weights, state: next } = this.steps(query, prepared, state);
      const [context, own] = [output, weights].map((x) => viewed(x, [batch, this.heads, x.shape[3] as number])) as [Tensor, Tensor];
      return { context, weights: own, state: next };
    }
    const one = flat(this.between ? this.placed(query, state) : query);
    const q = viewed(one, one.shape.toSpliced(1, 1));
    const { context, state: after, ...taken } = this.attention.step(q, this.spreadOut(prepared, 1), mapState(state, flat), options);
    const weights = viewed(taken.weights, taken.weights.shape.toSpliced(1, 0, 1));
    const next = { ...this.counted(state, weights), ...mapState(after, (x) => apart(x, this.heads)) };
    return { context: apart(context, this.heads), ...selectedBy(this.heads, taken), state: next };
  }

  /**
   * Attends with several queries `[B, H, N, D]` at once: output `[B, H, N, V]`, weights `[B, H, N, S]` and the state for what follows. If nothing is drawn
   * the bits are those of as many steps; with a key the t-th query draws from `foldIn(key, t)`.
   */
  steps(query: Tensor, prepared: Prepared, state: State, options: StepsCall & { weights: false }): Omit<Steps, 'weights'>;
  steps(query: Tensor, prepared: Prepared, state: State, options?: StepsCall): Steps;
  steps(query: Tensor, prepared: Prepared, state: State, options: StepsCall = {}): Omit<Steps, 'weights'> {
    expectCall('Heads', options, stepping);
    expectHeads({ query });
    expectPrepared('Heads', prepared);
    const { key, weights = true } = options;
    const q = this.between ? this.placed(query, state) : query;
    const { keys, values, mask } = prepared;
    if (this.fused(key)) {
      const sequential = Object.values(this.attention.window?.history?.things ?? {}).some((thing) => thing.sequential);
      const looked = this.look(q, keys, values, state, { mask, weights: weights || sequential });
      const told = looked.weights ? flat(looked.weights) : zeros([1, q.shape[2] as number, 0]); // what counts wants their number alone
      const after = this.attention.window?.history?.next(state, { output: looked.output, weights: told });
      return { ...looked, state: this.between || after ? { ...this.counted(state, told), ...after } : state };
    }
    const inner = this.spreadOut(prepared, q.shape[2] as number);
    const { output, state: after, ...taken } = this.attention.steps(flat(q), inner, mapState(state, flat), key ? { key } : {});
    const next = { ...this.counted(state, taken.weights), ...mapState(after, (x) => apart(x, this.heads)) };
    return { output: apart(output, this.heads), ...selectedBy(this.heads, taken), state: next };
  }

  /** A source for each head of queries, as an example of its own. */
  private spreadOut({ mask, ...rest }: Prepared, queries: number): Prepared {
    const inner = mapState(rest as Prepared, (x) => flat(spread(x, this.heads)));
    const scores = [rest.values.shape[0] as number, queries, rest.values.shape[2] as number];
    return mask ? { ...inner, mask: maskOfHeads(maskOfScores(mask, scores), this.heads) } : inner;
  }

  /** The places after queries with these weights `[·, N, ·]`, where something between the maps wants them. */
  private counted(state: State, weights: Tensor): State {
    return this.between ? placeOfQuery.next(state, { output: weights, weights }) : {};
  }

  /**
   * Extends texts by their next N tokens: queries `[B, H, N, D]` with keys `[B, G, N, D]` and values `[B, G, N, V]`. Each token attends to
   * itself and to all before it, in the cache and in the call; windows narrow that further. The bits are those of the whole text at once.
   */
  extend(query: Tensor, keys: Tensor, values: Tensor, cache: KeyValueCache, options: ExtendCall = {}): Extended {
    if (!this.fused(undefined)) {
      throw new Error(
        `Heads: parts must be such that heads are one op to extend a cache; use a dot score, softmax, a weighted sum and positional windows`,
      );
    }
    expectHeads({ query, keys, values });
    const [batch, count] = [query.shape[0] as number, query.shape[2] as number];
    const before = tensor(Int32Array.from(cache.lengths), { shape: [batch, 1] });
    const positions = count === 1 ? before : add(before, arange(count)); // [B, N]
    const q = this.between ? this.between.query(query, positions) : query;
    const k = this.between ? this.between.key(keys, positions) : keys;
    const after = cache.append(this.scored(k), values, options.lengths ? { lengths: options.lengths } : {});
    const { length } = after;
    const alike = cache.lengths.every((own, b) => own === cache.lengths[0] && after.lengths[b] === own + count);
    const state = { place: before, steps: before };
    const found = allPlaces(partsOf(this.attention.window), [batch, count, length], state, this.heads, true, q);
    const places = { ...found, after: Math.min(0, found.after ?? 0) };
    const { weights = false, mask, key } = options;
    const given = [mask && ofHeads(mask, [batch, count, length]), alike ? undefined : ownKeys(after.lengths, length)];
    const told = { mask: allMasks(found.mask, ...given), length, weights, key, ...(!alike && { first: before }) };
    return { ...inOneOp(this.attention, [q, after.keys ?? keys, after.values ?? values], places, told), cache: after };
  }

  /** Queries, at the positions that the state counts. */
  private placed(query: Tensor, state: State): Tensor {
    const first = mapState(state, (x) => select(x, 1, 0));
    return this.between?.query(query, placesOf(first, 'place', query.shape[2] as number)) ?? query;
  }

  /** Keys `[B, G, S, D]` in the form that the score takes. */
  private scored(keys: Tensor): Tensor {
    const inner = flat(keys);
    const prepared = this.attention.score.prepare(inner);
    return prepared === inner ? keys : apart(prepared, this.keyHeads);
  }

  /**
   * Runs all heads in one op: queries `[B, H, T, D]`, keys and values `[B, G, S, D]`. A window that ignores scores may see those of one
   * head. `whole` says that these are all queries of the sequence.
   */
  private look(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    state: State,
    { mask, weights, whole = false }: { mask: Tensor | undefined; weights: boolean; whole?: boolean },
  ): { output: Tensor; weights?: Tensor } {
    const scores = [q.shape[0] as number, q.shape[2] as number, k.shape[2] as number];
    const first = mapState(state, (x) => select(x, 1, 0));
    const places = allPlaces(partsOf(this.attention.window), scores, first, this.heads, false, q);
    const told = {
      mask: allMasks(places.mask, mask && ofHeads(mask, scores)),
      weights,
      ...(!whole && { first: first.place as Tensor | undefined }),
    };
    return inOneOp(this.attention, [q, k, v], places, told);
  }
}
