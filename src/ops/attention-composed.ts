// Scaled dot-product attention in ops, for gradients of gradients, of weights, and for weights that are dropped.

import { expand } from '../autograd/arithmetic.ts';
import { arange } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { softcap } from './activation.ts';
import type { Layout } from './attention-layout.ts';
import { add, mul, neg, sub } from './binary.ts';
import { byDistance, sumsByDistance } from './distance.ts';
import { abs } from './elementwise.ts';
import { allFinite } from './finite.ts';
import { and, greater, lessEqual, toFloat, where } from './logic.ts';
import { matmul } from './matmul.ts';
import { max, sum } from './reduce.ts';
import { reshape, slice } from './shape.ts';
import { softmax } from './softmax.ts';

/** Where each key is from each query, s − p, int32 [B or 1, 1, T, S], or [T, S] where there is one place for all. */
function distancesOf({ places, t, s }: Layout): Tensor {
  const from = (x: Tensor | number) => sub(arange(s), add(reshape(arange(t), [t, 1]), x));
  return places ? from(reshape(places, [places.size, 1, 1, 1])) : from(s - t);
}

/** Where the window lets a query look; nothing where that is everywhere. */
function windowOf({ before, after, t, s, places }: Layout, distances: () => Tensor): Tensor | undefined {
  const most = places ? 2 ** 30 : t + s;
  if (before >= most && after >= most) return undefined;
  const far = distances();
  return and(lessEqual(-before, far), lessEqual(far, after));
}

/** The same computation in ops: output, weights and, where they are asked for, sums by distance. `left` are the weights that count. */
export function composed(
  l: Layout,
  given: Tensor | undefined,
  [query, keys, values, bias, row]: readonly (Tensor | undefined)[],
  left: (weights: Tensor) => Tensor = (weights) => weights,
): { output: Tensor; weights: Tensor; sums?: Tensor } {
  const distances = () => distancesOf(l);
  const seen = windowOf(l, distances);
  const mask = given && seen ? and(given, seen) : (given ?? seen);
  const { scores, read } = products(l, mask, query as Tensor, ofEach(l, keys as Tensor), ofEach(l, values as Tensor));
  const scaled = mul(scores, l.scale);
  const capped = l.softcap ? softcap(scaled, l.softcap) : scaled;
  const far = row && (l.span > 0 ? byDistance(row, distances(), l.zero, l.target) : neg(mul(row, abs(toFloat(distances())))));
  const biased = [bias, far].reduce<Tensor>((all, x) => (x ? add(all, x) : all), capped);
  const weights = left(softmax(biased, mask ? { mask } : {}));
  const sums = l.sums && { sums: sumsByDistance(weights, distances(), l.zero, l.span) };
  return { output: read(weights), weights, ...sums };
}

/** The rows of keys or values that count, for each query head. */
function ofEach(l: Layout, x: Tensor): Tensor {
  const there = l.s < l.capacity ? slice(x, -2, 0, l.s) : x;
  if (l.group === 1) return there;
  const [s = 0, width = 0] = there.shape.slice(-2);
  return reshape(expand(reshape(there, [...l.source, 1, s, width]), [...l.source, l.group, s, width]), [...l.lead, s, width]);
}

/** `q kᵀ`, and the product of weights with values. If an operand is NaN or infinite, masked elements must not be multiplied by 0. */
function products(l: Layout, mask: Tensor | undefined, query: Tensor, keys: Tensor, values: Tensor) {
  const finite = (...xs: Tensor[]) => xs.every(allFinite);
  const whole = mask && l.t > 0 && !finite(query, keys, values) ? expand(mask, l.target) : null;
  const seen = whole && reshape(greater(max(toFloat(whole), { axis: -2 }), 0), [...l.lead, l.s, 1]); // [..., S, 1]
  const [k, v] = seen ? [where(seen, keys, 0), where(seen, values, 0)] : [keys, values];
  if (!whole || finite(query, k, v)) {
    return { scores: matmul(query, k, { transposeB: true }), read: (weights: Tensor) => matmul(weights, v) };
  }
  const pairs = reshape(whole, [...l.target, 1]); // [..., T, S, 1]
  const each = (x: Tensor) => where(pairs, reshape(x, [...l.lead, 1, ...x.shape.slice(-2)]), 0); // [..., T, S, D]
  const by = (x: Tensor, axis: number) => reshape(x, x.shape.toSpliced(axis, 0, 1));
  return {
    scores: sum(mul(by(query, -1), each(k)), { axis: -1 }),
    read: (weights: Tensor) => sum(mul(by(weights, l.target.length), each(v)), { axis: -2 }),
  };
}
