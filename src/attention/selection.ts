import { softmax } from '../ops/index.ts';
import type { Selection } from './parts.ts';

/** Softmax over the keys: every key a little (Bahdanau et al. 2015, eq. 6). */
export const soft: Selection = {
  select: (scores, context) => ({ weights: softmax(scores, context) }),
};
