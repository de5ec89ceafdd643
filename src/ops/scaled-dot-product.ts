import { expand, spread } from '../autograd/arithmetic.ts';
import { recompose } from '../autograd/recompose.ts';
import { record, recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import * as call from '../runtime/generated/calls.ts';
import { withScratch } from '../runtime/room.ts';
import { attentions } from '../runtime/scratch.ts';
import { expectNames, isShare, type Names } from '../tensor/check.ts';
import { arange } from '../tensor/create.ts';
import { asOne } from '../tensor/observe.ts';
import type { Key } from '../tensor/random.ts';
import { broadcastShapes, type Shape, sameShape, show, sizeOf, stretchedStrides } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, mul } from './binary.ts';
import { allFinite } from './finite.ts';
import { and, greater, lessEqual, toFloat, where } from './logic.ts';
import { matmul } from './matmul.ts';
import { dropout } from './random.ts';
import { max, sum } from './reduce.ts';
import { joined, tracked } from './sequence.ts';
import { concat, reshape } from './shape.ts';
import { softmax } from './softmax.ts';

/** What scaled dot-product attention may be told beyond its operands. */
export interface AttentionOptions {
  /** bool, broadcast to [..., T, S]: true = may attend. */
  mask?: Tensor;
  /** float32, broadcast to [..., T, S], added to the scaled scores. */
  bias?: Tensor;
  /** Query t may look at keys up to t + S − T: the last query sees every key. Default false. */
  causal?: boolean;
  /** Factor of the scores. Default 1 / √D. */
  scale?: number;
  /** Returns the weights [..., T, S] too. The output has the same bits. Default false. */
  weights?: boolean;
  /**
   * Probability of dropping each weight where a `key` is given, the others divided by 1 − p, as in PyTorch. The weights returned are those that
   * the values were multiplied by. Composed of ops then: weights are made. Default 0.
   */
  dropout?: number;
  key?: Key;
}

const names: Names<AttentionOptions> = { mask: 1, bias: 1, causal: 1, scale: 1, weights: 1, dropout: 1, key: 1 };

/** Queries of a block, the unit in which the kernels count their work. */
const BLOCK = 64;

/** The lengths and strides of a call, checked. */
function layout(query: Tensor, keys: Tensor, values: Tensor, { mask, bias, causal = false, scale }: AttentionOptions) {
  const op = 'scaledDotProductAttention';
  for (const x of [query, keys, values]) expectDType(op, 'operands', x, 'float32');
  if (mask) expectDType(op, 'mask', mask, 'bool');
  if (bias) expectDType(op, 'bias', bias, 'float32');
  const lead = query.shape.slice(0, -2);
  const [t = 0, d = 0] = query.shape.slice(-2);
  const [s = 0, v = 0] = values.shape.slice(-2);
  const fits = query.rank >= 2 && sameShape(keys.shape, [...lead, s, d]) && sameShape(values.shape, [...lead, s, v]);
  if (!fits) {
    const got = `${show(query.shape)}, ${show(keys.shape)} and ${show(values.shape)}`;
    throw new RangeError(`${op}: query, keys and values must be [..., T, D], [..., S, D] and [..., S, V], got ${got}`);
  }
  const target = [...lead, t, s];
  // Heads are the innermost axis before queries; all before them is one axis, as far as a mask or bias lies evenly along it.
  const heads = lead.length > 2 ? sizeOf(lead) : (lead.at(-1) ?? 1);
  const laid = (name: string, x: Tensor | undefined) => (x ? layOut(op, name, x, target) : undefined);
  return {
    target,
    lead,
    count: sizeOf(lead),
    t,
    s,
    d,
    v,
    heads,
    causal,
    scale: scale ?? 1 / Math.sqrt(d),
    mask: laid('mask', mask),
    bias: laid('bias', bias),
  };
}

type Layout = ReturnType<typeof layout>;

/** A mask or bias with its strides of example, head, query and key. */
function layOut(op: string, name: string, x: Tensor, target: Shape): { x: Tensor; strides: readonly [number, number, number, number] } {
  if (!sameShape(broadcastShapes(op, x.shape, target), target)) {
    throw new RangeError(`${op}: ${name} must broadcast to [..., T, S], got ${show(x.shape)} and ${show(target)}`);
  }
  const whole = target.length > 4 ? spread(x, [...target.slice(0, -2), ...[1, 1, ...x.shape].slice(-2)]) : x;
  const strides = stretchedStrides(whole.shape, target);
  const [query = 0, key = 0] = strides.slice(-2);
  // Of more leading axes than two all are one; the stride of its last axis alone would be 0 where that has length 1.
  const [head = 0, example = 0] = target.length > 4 ? [sizeOf(whole.shape.slice(-2))] : strides.slice(0, -2).reverse();
  return { x: whole, strides: [example, head, query, key] };
}

/** Strides of what is not there. */
const none = [0, 0, 0, 0] as const;

/** The lengths as the kernels name them. */
const lengthsOf = ({ t, s, d, v }: Layout) => ({ queries: t, keys: s, width: d, valueWidth: v });

/** Largest scores and shares [..., T] of an attention that was computed. */
interface Statistics {
  tops: Tensor;
  shares: Tensor;
}

function forward(l: Layout, query: Tensor, keys: Tensor, values: Tensor): { output: Tensor } & Statistics {
  const output = empty([...l.lead, l.t, l.v]);
  const [tops, shares] = [empty([...l.lead, l.t]), empty([...l.lead, l.t])];
  const blocks = l.count * Math.ceil(l.t / BLOCK);
  withScratch(attentions, 'scaledDotProductAttention', lengthsOf(l), (scratch) => {
    call.scaledDotProductAttention({
      out: output.ptr,
      tops: tops.ptr,
      shares: shares.ptr,
      q: query.ptr,
      k: keys.ptr,
      v: values.ptr,
      mask: l.mask?.x.ptr ?? 0,
      bias: l.bias?.x.ptr ?? 0,
      queries: l.t,
      keys: l.s,
      width: l.d,
      valueWidth: l.v,
      scale: l.scale,
      causal: l.causal ? 1 : 0,
      heads: l.heads,
      maskStrides: l.mask?.strides ?? none,
      biasStrides: l.bias?.strides ?? none,
      from: 0,
      to: blocks,
      scratch,
    });
  });
  return { output, tops, shares };
}

function weightsOf(l: Layout, query: Tensor, keys: Tensor, { tops, shares }: Statistics): Tensor {
  const y = empty(l.target);
  const blocks = l.count * Math.ceil(l.t / BLOCK);
  withScratch(attentions, 'scaledDotProductWeights', lengthsOf(l), (scratch) => {
    call.scaledDotProductWeights({
      out: y.ptr,
      tops: tops.ptr,
      shares: shares.ptr,
      q: query.ptr,
      k: keys.ptr,
      mask: l.mask?.x.ptr ?? 0,
      bias: l.bias?.x.ptr ?? 0,
      queries: l.t,
      keys: l.s,
      width: l.d,
      scale: l.scale,
      causal: l.causal ? 1 : 0,
      heads: l.heads,
      maskStrides: l.mask?.strides ?? none,
      biasStrides: l.bias?.strides ?? none,
      from: 0,
      to: blocks,
      scratch,
    });
  });
  return y;
}

/** Gradients of query, keys, values and, where it is wanted, bias. */
function back(l: Layout, g: Tensor, inputs: readonly Tensor[], y: { output: Tensor } & Statistics): (Tensor | null)[] {
  const [query, keys, values, bias] = inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
  const [dq, dk, dv] = [empty(query.shape), empty(keys.shape), empty(values.shape)] as const;
  const dbias = bias?.requiresGrad ? empty(l.target) : null;
  withScratch(attentions, 'scaledDotProductAttentionBackward', lengthsOf(l), (scratch) => {
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
      mask: l.mask?.x.ptr ?? 0,
      bias: l.bias?.x.ptr ?? 0,
      queries: l.t,
      keys: l.s,
      width: l.d,
      valueWidth: l.v,
      scale: l.scale,
      causal: l.causal ? 1 : 0,
      heads: l.heads,
      maskStrides: l.mask?.strides ?? none,
      biasStrides: l.bias?.strides ?? none,
      from: 0,
      to: l.count,
      scratch,
    });
  });
  return bias ? [dq, dk, dv, dbias] : [dq, dk, dv];
}

/** The same in ops, for gradients of gradients and of weights: output and weights. */
function composed(
  l: Layout,
  given: Tensor | undefined,
  [query, keys, values, bias]: readonly Tensor[],
  left: (weights: Tensor) => Tensor = (weights) => weights,
): [Tensor, Tensor] {
  const past = l.causal ? untilNow(l.t, l.s) : undefined;
  const mask = given && past ? and(given, past) : (given ?? past);
  const { scores, read } = products(l, mask, query as Tensor, keys as Tensor, values as Tensor);
  const scaled = mul(scores, l.scale);
  const weights = left(softmax(bias ? add(scaled, bias) : scaled, mask ? { mask } : {}));
  return [read(weights), weights];
}

/** `q kᵀ` and what multiplies weights with the values. Where an operand is no number, what the mask hides must not be multiplied by 0. */
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

/** bool [T, S]: true where s ≤ t + S − T. */
function untilNow(queries: number, keys: number): Tensor {
  return lessEqual(arange(keys), reshape(arange(keys - queries, keys), [queries, 1]));
}

/**
 * `softmax(scale · q kᵀ + bias) v` for each head (Vaswani et al. 2017, §3.2.1): query [..., T, D], keys [..., S, D], values [..., S, V]
 * → `output` [..., T, V], with `weights: true` also `weights` [..., T, S]. Computed in tiles with a running softmax (Milakov and
 * Gimelshein 2018; Dao et al. 2022): nothing of size T · S is made unless weights are asked for. A query with nothing to look at gets
 * output, weights and gradient 0; keys and values it may not look at change no bit, whatever they hold. A query has the same bits
 * alone, in a block, and with masked keys behind. Gradient: fused, from the scores computed again; composed of ops where it is
 * differentiated again, or where the weights have a gradient of their own.
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
    attributes: { causal: l.causal, scale: l.scale, weights: options.weights ?? false },
  };
  const outputsOf = ({ output, weights }: Results) => (weights ? [output, weights] : [output]);
  return asOne('scaledDotProductAttention', call, () => fused(l, query, keys, values, options), outputsOf);
}

/** Output [..., T, V] and, where they are wanted, weights [..., T, S]. */
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
