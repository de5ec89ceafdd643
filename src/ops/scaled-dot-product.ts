import { expand } from '../autograd/arithmetic.ts';
import { recompose } from '../autograd/recompose.ts';
import { record, recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import * as call from '../runtime/generated/calls.ts';
import { withScratch } from '../runtime/room.ts';
import { attentions } from '../runtime/scratch.ts';
import { expectNames, isShare, type Names } from '../tensor/check.ts';
import { asOne } from '../tensor/observe.ts';
import type { Key } from '../tensor/random.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { type Layout, layout, lengthsOf, told } from './attention-layout.ts';
import { add, mul } from './binary.ts';
import { allFinite } from './finite.ts';
import { joined, tracked } from './fused.ts';
import { and, greater, toFloat, where } from './logic.ts';
import { matmul } from './matmul.ts';
import { dropout } from './random.ts';
import { max, sum } from './reduce.ts';
import { concat, reshape, slice } from './shape.ts';
import { softmax } from './softmax.ts';
import { lowerTriangle } from './triangle.ts';

/** Options of scaled dot-product attention. */
export interface AttentionOptions {
  /** bool, broadcast to [..., T, S]: true = may attend. */
  mask?: Tensor | undefined;
  /** float32, broadcast to [..., T, S], added to the scaled scores. */
  bias?: Tensor | undefined;
  /** Query t may look at keys up to t + S − T: the last query sees every key. Default false. */
  causal?: boolean | undefined;
  /** Factor of the scores. Default 1 / √D. */
  scale?: number | undefined;
  /**
   * S, where keys and values have spare rows, as a cache has: only the first `length` rows count, and the rest may hold anything. Default
   * all of them.
   */
  length?: number | undefined;
  /** Also returns the weights [..., T, S]. The output has the same bits. Default false. */
  weights?: boolean | undefined;
  /**
   * Probability of dropping each weight if a `key` is given; the others are divided by 1 − p, as in PyTorch. The weights returned are those
   * that the values were multiplied by. The computation is then composed of ops, and weights are made. Default 0.
   */
  dropout?: number | undefined;
  /** The random key that `dropout` draws from. */
  key?: Key | undefined;
}

const names: Names<AttentionOptions> = { mask: 1, bias: 1, causal: 1, scale: 1, length: 1, weights: 1, dropout: 1, key: 1 };

/** The largest score and the share [..., T] of each query, from the forward pass. */
interface Statistics {
  tops: Tensor;
  shares: Tensor;
}

function forward(l: Layout, query: Tensor, keys: Tensor, values: Tensor): { output: Tensor } & Statistics {
  const output = empty([...l.lead, l.t, l.v]);
  const [tops, shares] = [empty([...l.lead, l.t]), empty([...l.lead, l.t])];
  const at = told(l);
  withScratch(attentions, 'scaledDotProductAttention', lengthsOf(l, at), (scratch) => {
    call.scaledDotProductAttention({
      out: output.ptr,
      tops: tops.ptr,
      shares: shares.ptr,
      q: query.ptr,
      k: keys.ptr,
      v: values.ptr,
      mask: at.mask,
      bias: at.bias,
      queries: at.queries,
      keys: l.s,
      width: l.d,
      valueWidth: l.v,
      group: at.group,
      capacity: l.capacity,
      scale: l.scale,
      causal: at.causal,
      heads: at.heads,
      maskStrides: at.maskStrides,
      biasStrides: at.biasStrides,
      from: 0,
      to: at.blocks,
      scratch,
    });
  });
  return { output, tops, shares };
}

function weightsOf(l: Layout, query: Tensor, keys: Tensor, { tops, shares }: Statistics): Tensor {
  const y = empty(l.target);
  const at = told(l);
  withScratch(attentions, 'scaledDotProductWeights', lengthsOf(l, at), (scratch) => {
    call.scaledDotProductWeights({
      out: y.ptr,
      tops: tops.ptr,
      shares: shares.ptr,
      q: query.ptr,
      k: keys.ptr,
      mask: at.mask,
      bias: at.bias,
      queries: at.queries,
      keys: l.s,
      width: l.d,
      group: at.group,
      capacity: l.capacity,
      scale: l.scale,
      causal: at.causal,
      heads: at.heads,
      maskStrides: at.maskStrides,
      biasStrides: at.biasStrides,
      from: 0,
      to: at.blocks,
      scratch,
    });
  });
  return y;
}

/** Gradients of query, keys, values and, if it is wanted, bias. */
function back(l: Layout, g: Tensor, inputs: readonly Tensor[], y: { output: Tensor } & Statistics): (Tensor | null)[] {
  const [query, keys, values, bias] = inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
  const [dq, dk, dv] = [empty(query.shape), empty(keys.shape), empty(values.shape)] as const;
  const dbias = bias?.requiresGrad ? empty(l.target) : null;
  const at = told(l);
  withScratch(attentions, 'scaledDotProductAttentionBackward', lengthsOf(l, at), (scratch) => {
    call.scaledDotProductAttentionBackward({
      dq: dq.ptr,
      dk: dk.ptr,
      dv: dv.ptr,
      dbias: dbias?.ptr ?? 0,
      g: g.ptr,
      y: y.output.ptr,
      tops: y.tops.ptr,
      shares: y.shares.ptr,
      q: query.ptr,
      k: keys.ptr,
      v: values.ptr,
      mask: at.mask,
      bias: at.bias,
      queries: at.queries,
      keys: l.s,
      width: l.d,
      valueWidth: l.v,
      group: at.group,
      capacity: l.capacity,
      scale: l.scale,
      causal: at.causal,
      heads: at.heads,
      maskStrides: at.maskStrides,
      biasStrides: at.biasStrides,
      from: 0,
      to: at.sources,
      scratch,
    });
  });
  return bias ? [dq, dk, dv, dbias] : [dq, dk, dv];
}

/** The same composed of ops, for gradients of gradients and of weights: output and weights. */
function composed(
  l: Layout,
  given: Tensor | undefined,
  [query, keys, values, bias]: readonly Tensor[],
  left: (weights: Tensor) => Tensor = (weights) => weights,
): [Tensor, Tensor] {
  const past = l.causal ? lowerTriangle(l.t, l.s, l.s - l.t) : undefined;
  const mask = given && past ? and(given, past) : (given ?? past);
  const { scores, read } = products(l, mask, query as Tensor, ofEach(l, keys as Tensor), ofEach(l, values as Tensor));
  const scaled = mul(scores, l.scale);
  const weights = left(softmax(bias ? add(scaled, bias) : scaled, mask ? { mask } : {}));
  return [read(weights), weights];
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

/**
 * `softmax(scale · q kᵀ + bias) v` for each head (Vaswani et al. 2017, §3.2.1): query `[..., T, D]`, keys `[..., S, D]`, values `[..., S,
 * V]` → `output` `[..., T, V]`, with `weights: true` also `weights` `[..., T, S]`. Keys and values may have fewer heads than queries, on
 * the axis before their rows: `[B, G, S, D]` for `[B, H, T, D]`, each shared by the next H / G heads (Ainslie et al. 2023, "GQA") without a
 * copy. The computation runs in tiles with a running softmax (Milakov and Gimelshein 2018; Dao et al. 2022): nothing of size T · S is made
 * unless weights are requested. A query that may attend to nothing gets output, weights and gradient 0; keys and values that it may not
 * attend to change no bit, whatever they hold. A query has the same bits alone, in a block, and with masked keys behind. Gradient: fused,
 * with the scores computed again; composed of ops if it is differentiated again or if the weights have a gradient of their own.
 */
export function scaledDotProductAttention(
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  options: AttentionOptions & { weights: true },
): { output: Tensor; weights: Tensor };
export function scaledDotProductAttention(query: Tensor, keys: Tensor, values: Tensor, options?: AttentionOptions): { output: Tensor };
export function scaledDotProductAttention(query: Tensor, keys: Tensor, values: Tensor, options: AttentionOptions = {}): Results {
  expectNames('scaledDotProductAttention', options, names);
  const { dropout: p = 0, key } = options;
  isShare('scaledDotProductAttention', 'dropout', p);
  const l = layout(query, keys, values, options);
  if (key && p > 0) {
    const xs = [query, keys, values, ...(options.bias ? [options.bias] : [])];
    const [output, weights] = composed(l, options.mask, xs, (all) => dropout(all, p, key));
    return options.weights ? { output, weights } : { output };
  }
  const call = {
    inputs: [query, keys, values, options.mask, options.bias],
    attributes: { causal: l.causal, scale: l.scale, length: options.length, weights: options.weights ?? false },
  };
  const outputsOf = ({ output, weights }: Results) => (weights ? [output, weights] : [output]);
  return asOne('scaledDotProductAttention', call, () => fused(l, query, keys, values, options), outputsOf);
}

/** The output [..., T, V] and, if requested, the weights [..., T, S]. */
type Results = { output: Tensor; weights?: Tensor };

function fused(l: Layout, query: Tensor, keys: Tensor, values: Tensor, options: AttentionOptions): Results {
  const y = forward(l, query, keys, values);
  const { output, tops, shares } = y;
  const inputs = [query, keys, values, ...(options.bias ? [options.bias] : [])];
  const weights = options.weights ? weightsOf(l, query, keys, y) : undefined;
  if (!tracked(inputs)) for (const x of [tops, shares]) x.storage.free();
  if (!weights) {
    const again = (...xs: Tensor[]) => composed(l, options.mask, xs)[0];
    record('scaledDotProductAttention', output, { inputs }, (g) => (recording() ? recompose(again, inputs, g) : back(l, g, inputs, y)));
    return { output };
  }
  recordSeveral('scaledDotProductAttention', [output, weights], { inputs }, (gs) => {
    const [g, forWeights] = gs;
    if (g && !forWeights && !recording()) return back(l, g, inputs, y);
    const both = (...xs: Tensor[]) => concat(composed(l, options.mask, xs).map((x) => reshape(x, [x.size])));
    return recompose(both, inputs, joined(gs, [output, weights]));
  });
  return { output, weights };
}
