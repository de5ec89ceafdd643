import { concat, reshape, scaledDotProductAttention } from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { OpCall } from '../../ops/row.ts';

/** Examples, heads, queries, keys, width, width of values: narrow heads, short sequences, and many of them. */
const sizes = [
  [16, 8, 64, 64, 8, 8],
  [16, 8, 64, 64, 16, 16],
  [8, 8, 64, 100, 4, 4],
  [64, 4, 8, 8, 32, 32],
  [32, 4, 5, 7, 3, 1],
  [4, 16, 70, 31, 6, 10],
] as const;

const attend = (weights: boolean, causal: boolean) => (q: Tensor, k: Tensor, v: Tensor) => {
  if (!weights) return scaledDotProductAttention(q, k, v, { causal }).output;
  const y = scaledDotProductAttention(q, k, v, { causal, weights });
  return concat([reshape(y.output, [y.output.size]), reshape(y.weights, [y.weights.size])]);
};

/**
 * Attention over many small heads, as for words of a few letters. It runs first in the program, while workers' scratch is as small as
 * possible, so that a scratch that is too small shows.
 */
export const heads: OpCall[] = sizes.flatMap(([b, h, t, s, d, v]) =>
  [
    { name: 'heads', f: attend(false, false) },
    { name: 'heads, causal', f: attend(false, true) },
    { name: 'heads, weights', f: attend(true, false) },
  ].map(({ name, f }) => ({
    op: 'scaledDotProductAttention',
    name: `${name}, ${[b, h, t, s, d, v].join('×')}`,
    f: f as OpCall['f'],
    inputs: [
      [b, h, t, d],
      [b, h, s, d],
      [b, h, s, v],
    ].map((shape) => ({ shape })),
  })),
);
