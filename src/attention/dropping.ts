import { dropout, mul } from '../ops/index.ts';
import { expectOptions, isShare, maybe } from '../tensor/check.ts';
import { ones } from '../tensor/create.ts';
import { foldIn } from '../tensor/random.ts';
import { expectScores, selectedFrom } from './given.ts';
import { drawn } from './hard.ts';
import { does, type Selection } from './parts.ts';
import { soft } from './selection.ts';

/** Separates the draws of dropout from those of the selection. */
const DROPOUT = 2;

/**
 * A selection, {@link soft} by default, that drops each weight with probability `p` if a key is given. The others are divided by 1 − p, so
 * that a row no longer sums to 1, as in PyTorch (dropout after softmax: Vaswani et al. 2017's code). The remaining weights are the ones
 * that are read with and returned.
 */
export function dropping(options: { p: number; selection?: Selection | undefined }): Selection {
  expectOptions('dropping', options, { p: isShare, selection: maybe(does('select')) });
  const { p, selection = soft } = options;
  return {
    ...(selection.history && { history: selection.history }),
    ...(selection.kind && { kind: selection.kind }),
    ...(!selection.draws && { dropout: p }),
    draws: p > 0 || (selection.draws ?? false),
    select(scores, context) {
      expectScores('dropping', scores, context);
      const selected = selectedFrom(selection, scores, context);
      const kept = p > 0 && drawn((key, shape) => dropout(ones(shape), p, foldIn(key, DROPOUT)), context, scores.shape);
      return kept ? { ...selected, weights: mul(selected.weights, kept) } : selected;
    },
  };
}
