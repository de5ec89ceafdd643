// Stories as words: what both memory networks ask of them.

import { concat, equal, greater, max, reshape, slice, softmax, where } from '../../ops/index.ts';
import { arange, zeros } from '../../tensor/create.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';

/** Checks int32 `[B, S, J]`. */
export function expectStories(op: string, stories: Tensor): void {
  if (stories instanceof Tensor && stories.dtype === 'int32' && stories.rank === 3) return;
  throw new TypeError(`${op}: stories must be int32 [B, S, J], got ${kindOf(stories)}`);
}

/** bool `[B, S]`: where a sentence has a word. */
export function realSentences(stories: Tensor): Tensor {
  const [batch = 0, length = 0, words = 0] = stories.shape;
  if (words === 0) return greater(reshape(stories, [batch, length]), 0);
  return greater(max(stories, { axis: 2 }), 0);
}

/** A table `[C, D]` with 0 in row 0, of padding, which gets no gradient. */
export const unpadded = (table: Tensor): Tensor => where(reshape(equal(arange(table.shape[0] as number), 0), [-1, 1]), 0, table);

/**
 * Softmax of scores `[B, 1, S]` over all places of memory: those behind the story have score 0, as those without a sentence in it. With `real`,
 * bool `[B, 1, S]`, over the real ones alone.
 */
export function overPlaces(scores: Tensor, memory: number, real?: Tensor): Tensor {
  if (real) return softmax(scores, { mask: real });
  const [batch, , length] = scores.shape as readonly [number, number, number];
  if (length === memory) return softmax(scores);
  return slice(softmax(concat([scores, zeros([batch, 1, memory - length])], 2)), 2, 0, length);
}
