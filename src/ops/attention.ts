import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import * as call from '../runtime/generated/calls.ts';
import { show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';

/**
 * `vᵀ tanh(q + k)` of every query with every key: the additive score (Bahdanau, Cho, Bengio 2015, A.1.2; Luong's *concat*) of projected
 * queries `[B, T, A]` and projected keys `[B, S, A]`, with `v` `[A]`. Returns `[B, T, S]`. Nothing of size T·S·A is kept: the gradient
 * computes tanh again. It is of first order; differentiating it again is an error.
 */
export function additiveScore(query: Tensor, keys: Tensor, v: Tensor): Tensor {
  for (const [name, x] of [
    ['query', query],
    ['keys', keys],
    ['v', v],
  ] as const)
    expectDType('additiveScore', name, x, 'float32');
  const [batch = 0, queries = 0, width = 0] = query.shape;
  const [, length = 0] = keys.shape;
  const fits = query.rank === 3 && keys.rank === 3 && keys.shape[0] === batch && keys.shape[2] === width;
  if (!fits || v.rank !== 1 || v.size !== width) {
    throw new RangeError(
      `additiveScore: shapes must be [B, T, A], [B, S, A] and [A], got ${show(query.shape)}, ${show(keys.shape)} and ${show(v.shape)}`,
    );
  }
  const y = empty([batch, queries, length]);
  kernels.additiveScore(y.ptr, query.ptr, keys.ptr, v.ptr, batch, queries, length, width);
  return record('additiveScore', y, { inputs: [query, keys, v] }, (g) => {
    const [dq, dk, dv] = [empty(query.shape), empty(keys.shape), empty(v.shape)] as const;
    call.additiveScoreBackward({
      dq: dq.ptr,
      dk: dk.ptr,
      dv: dv.ptr,
      g: g.ptr,
      q: query.ptr,
      k: keys.ptr,
      v: v.ptr,
      batch,
      queries,
      keys: length,
      width,
      from: 0,
      to: width,
    });
    return [dq, dk, dv];
  });
}
