// Where a query may look.

import { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { abs, add, and, gather, lessEqual, mul, reshape, sub, toFloat } from '../ops/index.ts';
import { arange } from '../tensor/create.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { coverageSoFar, placeOfQuery, placesOf, stepsSoFar } from './memory.ts';
import type { Context, Memory, Window, Windowed } from './parts.ts';

/** Everywhere the mask allows. */
export const everywhere: Window = { limit: (scores, { mask }) => ({ scores, mask }), places: () => ({}) };

/** Both masks, where there are two. */
export function bothMasks(a: Tensor, b: Tensor | undefined): Tensor {
  return b ? and(a, b) : a;
}

/** A window that looks at no score. */
const ofPlaces = (memory: Memory, places: NonNullable<Window['places']>): Window => ({
  memory,
  places,
  limit(scores, context) {
    const { mask, bias } = places(scores.shape, context.state);
    return { scores: bias ? add(scores, bias) : scores, mask: mask ? bothMasks(mask, context.mask) : context.mask };
  },
});

/** `s − p`: how far each of S keys stands behind places p `[B, T]`, as `[B, T, S]`. */
export function offsets(places: Tensor, keys: number): Tensor {
  return sub(toFloat(arange(keys)), reshape(toFloat(places), [...places.shape, 1]));
}

/**
 * `before` places back and `after` ahead of the query's own, which of the last query is the last key's; everything back or ahead where a
 * number is left out (Beltagy, Peters, Cohan 2020, "Longformer", §3.1).
 */
export function sliding(options: { before?: number; after?: number }): Window {
  const { before = Number.POSITIVE_INFINITY, after = Number.POSITIVE_INFINITY } = options;
  return ofPlaces(placeOfQuery, ([, queries, keys], state) => {
    const offset = offsets(placesOf(state, 'place', queries as number), keys as number);
    return { mask: and(lessEqual(-before, offset), lessEqual(offset, after)) };
  });
}

/** The query's own place and those before it, the last query at the last key (Vaswani et al. 2017, §3.2.3). */
export const causal: Window = /* @__PURE__ */ sliding({ after: 0 });

/** `|s − p| ≤ size` of offsets s − p, bool of their shape (Luong, Pham, Manning 2015, §3.2). */
export function near(offset: Tensor, size: number): Tensor {
  return lessEqual(abs(offset), size);
}

/** Where row t of `mask` (bool `[T, S]`) is true, for the t-th query. */
export function masked(mask: Tensor): Window {
  return ofPlaces(stepsSoFar, (scores, state) => ({ mask: rows(mask, scores, state) }));
}

/** Row t of `bias` (`[T, S]`, which may be a parameter) added to the scores of the t-th query. */
export function biased(bias: Tensor): Window {
  return ofPlaces(stepsSoFar, (scores, state) => ({ bias: rows(bias, scores, state) }));
}

const rows = (table: Tensor, scores: Shape, state: State) => gather(table, placesOf(state, 'steps', scores[1] as number));

/**
 * `score − strength · Σ α′`: what has been looked at is looked at less. The sum of earlier weights is See, Liu, Manning 2017's coverage
 * (eq. 10), which they give to the score; here it lowers it. `strength` may be a parameter `[1]`.
 */
export function coverage(options: { strength: number | Tensor }): Window {
  return {
    memory: coverageSoFar,
    limit(scores, { state }) {
      const seen = state.coverage as Tensor; // [B, S]
      return { scores: sub(scores, mul(reshape(seen, [seen.shape[0] as number, 1, -1]), options.strength)) };
    },
  };
}

/** Several windows: scores go through one after the other, a key is seen where all allow it, and factors multiply. */
export class CombinedWindow extends Module implements Window {
  readonly windows: readonly Window[];
  readonly memory?: Memory;

  constructor(...windows: Window[]) {
    super();
    this.windows = windows;
    const memory = windows.reduce<Memory | undefined>((all, window) => window.memory?.and(all) ?? all, undefined);
    if (memory) this.memory = memory;
  }

  limit(scores: Tensor, context: Context): Windowed {
    let result: Windowed = { scores, mask: context.mask };
    for (const window of this.windows) {
      // Each is told the mask that the call gave: where another window looks says nothing of how many keys there are.
      const { scores: after, mask, factor } = window.limit(result.scores, context);
      const narrowed = mask && mask !== result.mask ? bothMasks(mask, result.mask) : result.mask;
      const all = factor && result.factor ? mul(result.factor, factor) : (factor ?? result.factor);
      result = { scores: after, mask: narrowed, ...(all && { factor: all }) };
    }
    return result;
  }
}
