// What attention reads with the weights.

import { batchGather, greaterEqual, matmul, maximum, reshape, where } from '../ops/index.ts';
import { zeros } from '../tensor/create.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import type { Read, Selected } from './parts.ts';

/** `Σ α v` (Bahdanau et al. 2015, eq. 5). */
export const weightedSum: Read = /* @__PURE__ */ Object.assign((weights: Tensor, values: Tensor) => matmul(weights, values), {
  kind: 'weightedSum' as const,
});

/**
 * The value of the key chosen, 0 if there was none: for hard selections it has the bits of {@link weightedSum} without the sum. The weights
 * get no gradient; selections that learn through them (straight-through) need the sum.
 */
export const chosenItem: Read = (_, values, selected) => {
  expectTensor('chosenItem', 'values', values);
  const choice = (selected as Selected | undefined)?.choice;
  if (!choice) throw new RangeError('chosenItem: selection must choose one key, got only weights');
  const [batch, keys, width] = values.shape as [number, number, number];
  if (keys === 0) return zeros([batch, choice.shape[1] as number, width]);
  const read = batchGather(values, maximum(choice, 0)); // [B, T, V]
  return where(reshape(greaterEqual(choice, 0), [...choice.shape, 1]) as Tensor, read, 0);
};

/** The weights themselves: the items they point at are the answer (Vinyals, Fortunato, Jaitly 2015, eq. 3). */
export const pointing: Read = (weights) => {
  expectTensor('pointing', 'weights', weights);
  return weights;
};
