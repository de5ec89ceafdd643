import { dropout, mul } from '../ops/index.ts';
import { expectOptions, isShare, maybe } from '../tensor/check.ts';
import { ones } from '../tensor/create.ts';
import { foldIn } from '../tensor/random.ts';
import { drawn } from './hard.ts';
import { does, type Selection } from './parts.ts';
import { soft } from './selection.ts';

/** Keeps the draws of dropout apart from those of the selection. */
const DROPOUT = 2;

/**
 * A selection, {@link soft} by default, whose weights are each dropped with probability `p` where a key is given; the others are divided by
 * 1 − p, so that a row no longer sums to 1, as in PyTorch (dropout after softmax: Vaswani et al. 2017's code). What is read and returned are
 * the weights that are left.
 */
export function dropping(options: { p: number; selection?: Selection | undefined }): Selection {
  expectOptions('dropping', options, { p: isShare, selection: maybe(does('select')) });
  const { p, selection = soft } = options;
  return {
    ...(selection.history && { history: selection.history }),
    ...(selection.kind && { kind: selection.kind }),
    draws: p > 0 || (selection.draws ?? false),
    select(scores, context) {
      const selected = selection.select(scores, context);
      const kept = p > 0 && drawn((key, shape) => dropout(ones(shape), p, foldIn(key, DROPOUT)), context, scores.shape);
      return kept ? { ...selected, weights: mul(selected.weights, kept) } : selected;
    },
  };
}
