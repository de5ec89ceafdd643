import { recompose } from '../autograd/recompose.ts';
import { record, recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import * as call from '../runtime/generated/calls.ts';
import { withScratch } from '../runtime/room.ts';
import { attentions } from '../runtime/scratch.ts';
import { expectCall, isFlag, isNumber, isShare, type Names } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import { asOne } from '../tensor/observe.ts';
import type { Key } from '../tensor/random.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { composed } from './attention-composed.ts';
import { type Distances, type Layout, layout, lengthsOf, ofDistances, told } from './attention-layout.ts';
import { joined, sideBySide, tracked } from './fused.ts';
import { dropout } from './random.ts';
import { concat, reshape } from './shape.ts';

/** Options of scaled dot-product attention. */
export interface AttentionOptions {
  /** bool, broadcast to [..., T, S]: true = may attend. */
  mask?: Tensor | undefined;
  /** float32, broadcast to [..., T, S], added to the scaled scores. */
  bias?: Tensor | undefined;
  /** Query t looks at keys up to its place: `after: 0`. Default false. */
  causal?: boolean | undefined;
  /** Factor of the scores. Default 1 / √D. */
  scale?: number | undefined;
  /** S, where keys and values have spare rows, as a cache has: only the first `length` rows count. Default all of them. */
  length?: number | undefined;
  /**
   * int32 [B]: the place among the keys of each example's first query `[B, H, T, D]`; each next one stands at the next place. Default S − T, so that
   * the last query is at the last key.
   */
  places?: Tensor | undefined;
  /** A query at place p looks at keys from p − `before` up to p + `after`. Default all. */
  before?: number | undefined;
  /** See `before`. */
  after?: number | undefined;
  /** c of `c · tanh(score / c)`, which takes the place of the scaled score before biases (Gemma 2). Default none. */
  softcap?: number | undefined;
  /** float32, broadcast to [..., T, 1]: a bias of −slope · |s − p| (Press et al. 2022, "ALiBi"). */
  slopes?: Tensor | undefined;
  /** A bias by s − p from a table, and sums of weights by it (Raffel et al. 2020, "T5"; Shaw et al. 2018). Not together with `slopes`. */
  distance?: Distances | undefined;
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

const names: Names<AttentionOptions> = {
  ...{ mask: 1, bias: 1, causal: 1, scale: 1, length: 1, places: 1, before: 1, after: 1, softcap: 1, slopes: 1, distance: 1 },
  ...{ weights: 1, dropout: 1, key: 1 },
};

/** The largest score and the share [..., T] of each query, from the forward pass. */
interface Statistics {
  tops: Tensor;
  shares: Tensor;
}

/** Query, keys, values, bias, and the bias by distance or slopes. */
type Operands = readonly (Tensor | undefined)[];

/** The sums by distance, and the gradient of these. */
interface OfSums {
  sums?: Tensor | undefined;
  forSums?: Tensor | null | undefined;
}

const addressOf = (x: Tensor | undefined) => (x as Tensor).ptr;

function forward(l: Layout, [query, keys, values]: Operands): { output: Tensor } & Statistics {
  const output = empty([...l.lead, l.t, l.v]);
  const [tops, shares] = [empty([...l.lead, l.t]), empty([...l.lead, l.t])];
  const at = told(l);
  withScratch(attentions, 'scaledDotProductAttention', lengthsOf(l, at), (scratch) => {
    call.scaledDotProductAttention({
      out: output.ptr,
      tops: tops.ptr,
      shares: shares.ptr,
      q: addressOf(query),
      k: addressOf(keys),
      v: addressOf(values),
      mask: at.mask,
      bias: at.bias,
      distances: at.distances,
      places: at.places,
      queries: at.queries,
      keys: l.s,
      width: l.d,
      valueWidth: l.v,
      group: at.group,
      capacity: l.capacity,
      scale: l.scale,
      cap: at.cap,
      before: at.before,
      after: at.after,
      pace: at.pace,
      span: l.span,
      zero: l.zero,
      heads: at.heads,
      maskStrides: at.maskStrides,
      biasStrides: at.biasStrides,
      distanceBatch: at.distanceStrides[0],
      distanceHead: at.distanceStrides[1],
      distanceQuery: at.distanceStrides[2],
      from: 0,
      to: at.blocks,
      scratch,
    });
  });
  return { output, tops, shares };
}

/** Weights and their sums by distance, of which at least one is wanted. */
function weightsOf(l: Layout, [query, keys]: Operands, { tops, shares }: Statistics, weigh: boolean): Omit<Results, 'output'> {
  const weights = weigh ? empty(l.target) : undefined;
  const sums = l.sums ? empty([...l.lead, l.t, l.span]) : undefined;
  const at = told(l);
  withScratch(attentions, 'scaledDotProductWeights', lengthsOf(l, at), (scratch) => {
    call.scaledDotProductWeights({
      out: weights?.ptr ?? 0,
      sums: sums?.ptr ?? 0,
      tops: tops.ptr,
      shares: shares.ptr,
      q: addressOf(query),
      k: addressOf(keys),
      mask: at.mask,
      bias: at.bias,
      distances: at.distances,
      places: at.places,
      queries: at.queries,
      keys: l.s,
      width: l.d,
      group: at.group,
      capacity: l.capacity,
      scale: l.scale,
      cap: at.cap,
      before: at.before,
      after: at.after,
      pace: at.pace,
      span: l.span,
      zero: l.zero,
      heads: at.heads,
      maskStrides: at.maskStrides,
      biasStrides: at.biasStrides,
      distanceBatch: at.distanceStrides[0],
      distanceHead: at.distanceStrides[1],
      distanceQuery: at.distanceStrides[2],
      from: 0,
      to: at.blocks,
      scratch,
    });
  });
  return { ...(weights && { weights }), ...(sums && { sums }) };
}

/** Gradients of the inputs, from that of the output and that of the sums by distance. */
function back(l: Layout, g: Tensor, inputs: Operands, y: { output: Tensor } & Statistics, of: OfSums): (Tensor | null)[] {
  const [query, keys, values, bias, row] = inputs as [Tensor, Tensor, Tensor, Tensor | undefined, Tensor | undefined];
  const [dq, dk, dv] = sideBySide([query, keys, values]) as [Tensor, Tensor, Tensor];
  const dbias = bias?.requiresGrad ? empty(l.target) : null;
  const at = told(l);
  const ddistances = row?.requiresGrad ? empty(ofDistances(l)) : null;
  withScratch(attentions, 'scaledDotProductAttentionBackward', lengthsOf(l, at), (scratch) => {
    call.scaledDotProductAttentionBackward({
      dq: dq.ptr,
      dk: dk.ptr,
      dv: dv.ptr,
      dbias: dbias?.ptr ?? 0,
      ddistances: ddistances?.ptr ?? 0,
      g: g.ptr,
      y: y.output.ptr,
      gSums: of.forSums?.ptr ?? 0,
      sums: of.sums?.ptr ?? 0,
      tops: y.tops.ptr,
      shares: y.shares.ptr,
      q: query.ptr,
      k: keys.ptr,
      v: values.ptr,
      mask: at.mask,
      bias: at.bias,
      distances: at.distances,
      places: at.places,
      queries: at.queries,
      keys: l.s,
      width: l.d,
      valueWidth: l.v,
      group: at.group,
      capacity: l.capacity,
      scale: l.scale,
      cap: at.cap,
      before: at.before,
      after: at.after,
      pace: at.pace,
      span: l.span,
      zero: l.zero,
      heads: at.heads,
      maskStrides: at.maskStrides,
      biasStrides: at.biasStrides,
      distanceBatch: at.distanceStrides[0],
      distanceHead: at.distanceStrides[1],
      distanceQuery: at.distanceStrides[2],
      from: 0,
      to: at.sources,
      scratch,
    });
  });
  return [dq, dk, dv, dbias, ddistances];
}

/**
 * `softmax(scale · q kᵀ + bias) v` for each head (Vaswani et al. 2017, §3.2.1): query `[..., T, D]`, keys `[..., S, D]`, values `[..., S,
 * V]` → `output` `[..., T, V]`, with `weights: true` also `weights` `[..., T, S]`. Keys and values may have fewer heads than queries, on
 * the axis before their rows: `[B, G, S, D]` for `[B, H, T, D]`, each shared by the next H / G heads (Ainslie et al. 2023, "GQA") without a
 * copy. The computation runs in tiles with a running softmax (Milakov and Gimelshein 2018; Dao et al. 2022): nothing of size T · S is made
 * unless weights are requested. A query that may attend to nothing gets output, weights and gradient 0; keys and values that it may not
 * attend to change no bit, whatever they hold. A query has the same bits alone, in a block, and with masked keys behind. Gradient: fused,
 * with the scores computed again; composed of ops if it is differentiated again or if the weights have a gradient of their own.
 *
 * What depends on places is made within the tiles too: windows (`causal`, `before`, `after`) and biases by distance (`slopes`, `distance`), as of
 * ALiBi, T5 and Shaw's relative positions. Tiles begin at key 0, wherever a window does, so that a query's bits do not depend on the others'.
 */
export function scaledDotProductAttention<const O extends AttentionOptions>(
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  options?: O,
): AttentionResults<O>;
export function scaledDotProductAttention(query: Tensor, keys: Tensor, values: Tensor, options: AttentionOptions = {}): Results {
  expectCall('scaledDotProductAttention', options, names);
  const { dropout: p = 0, key, weights = false, mask, bias, places, slopes, distance, causal = false, length, before, after } = options;
  isShare('scaledDotProductAttention', 'dropout', p);
  if (options.scale !== undefined) isNumber('scaledDotProductAttention', 'scale', options.scale);
  for (const name of ['causal', 'weights'] as const)
    if (options[name] !== undefined) isFlag('scaledDotProductAttention', name, options[name]);
  const l = layout(query, keys, values, options);
  const row = distance?.bias ?? slopes;
  const inputs = [query, keys, values, bias, row];
  if (key && p > 0) {
    const { weights: left, ...read } = composed(l, mask, inputs, (all) => dropout(all, p, key));
    return weights ? { ...read, weights: left } : read;
  }
  const { scale, softcap, zero, span, sums } = l;
  const attributes = { causal, scale, length, weights, before, after, softcap };
  const call = {
    inputs: [query, keys, values, mask, bias, places, slopes, distance?.bias],
    attributes: distance ? { ...attributes, zero, span, sums } : attributes,
  };
  return asOne('scaledDotProductAttention', call, () => fused(l, inputs, mask, weights), listed);
}

/** The output [..., T, V] and, if requested, the weights [..., T, S] and their sums by distance [..., T, L]. */
interface Results {
  output: Tensor;
  weights?: Tensor;
  sums?: Tensor;
}

/** The results that the options ask for. */
export type AttentionResults<O extends AttentionOptions> = { output: Tensor } & (O extends { weights: true }
  ? { weights: Tensor }
  : unknown) &
  (O extends { distance: { sums: true } } ? { sums: Tensor } : unknown);

const listed = ({ output, weights, sums }: Results) => [output, ...(weights ? [weights] : []), ...(sums ? [sums] : [])];

function fused(l: Layout, inputs: readonly (Tensor | undefined)[], mask: Tensor | undefined, weigh: boolean): Results {
  const y = forward(l, inputs);
  const { output, tops, shares } = y;
  const results: Results = weigh || l.sums ? { output, ...weightsOf(l, inputs, y, weigh) } : { output };
  if (!tracked(inputs)) {
    for (const x of [tops, shares]) x.storage.free();
    return results;
  }
  const ys = listed(results);
  const again = (...xs: (Tensor | undefined)[]) => {
    const { weights, ...rest } = composed(l, mask, xs);
    const all = listed(weigh ? { ...rest, weights } : rest);
    const [only, ...others] = all as [Tensor, ...Tensor[]];
    return others.length === 0 ? only : concat(all.map((x) => reshape(x, [x.size])));
  };
  if (ys.length === 1) {
    const backward = (g: Tensor) => (recording() ? recompose(again, inputs, g) : back(l, g, inputs, y, {}));
    record('scaledDotProductAttention', output, { inputs }, backward);
    return results;
  }
  recordSeveral('scaledDotProductAttention', ys, { inputs }, (gs) => {
    const [g, forWeights, forSums] = weigh ? gs : [gs[0], null, gs[1]];
    if (!forWeights && !recording()) return back(l, g ?? zeros(output.shape), inputs, y, { sums: results.sums, forSums });
    return recompose(again, inputs, joined(gs, ys));
  });
  return results;
}
