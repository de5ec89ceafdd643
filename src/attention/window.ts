import type { State } from '../nn/state.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What a window may look at besides the scores. */
export interface WindowContext {
  query: Tensor;
  /** Where it may look at all, `[B, 1 or T, S]`. */
  mask?: Tensor;
  state?: State;
}

/** Where a query may look: scores `[B, T, S]`, changed where wanted, and the mask that selection is to keep to. */
export type Window = (scores: Tensor, context: WindowContext) => { scores: Tensor; mask?: Tensor };

/** Everywhere the mask allows. */
export const everywhere: Window = (scores, { mask }) => (mask ? { scores, mask } : { scores });
