import { softmax } from '../ops/index.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * From scores `[B, T, S]` to weights of the same shape. Where `mask` is false the weight is 0; a row with nothing to attend to is 0
 * throughout, its gradient too. Selections that draw take a key.
 */
export type Selection = (scores: Tensor, options: { mask?: Tensor; key?: Key }) => Tensor;

/** Softmax over the keys: every key a little (Bahdanau et al. 2015, eq. 6). */
export const soft: Selection = (scores, { mask }) => softmax(scores, mask ? { mask } : {});
