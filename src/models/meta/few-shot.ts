// Episodes of few-shot learning: examples with their classes, and questions.

import { reshape } from '../../ops/index.ts';
import { show } from '../../tensor/shape.ts';
import { elementsOf, kindOf, Tensor } from '../../tensor/tensor.ts';
import type { EmbeddingCall, ItemEmbedding } from './conv-embedding.ts';

/** A batch of episodes. */
export interface Episodes {
  /** The examples `[B, S, …item]`. */
  readonly support: Tensor;
  /** Their classes within the episode, int32 `[B, S]`, from 0. */
  readonly labels: Tensor;
  /** What is asked `[B, Q, …item]`. */
  readonly query: Tensor;
}

/** Answers to a batch of episodes, and where the queries looked. */
export interface EpisodeOutput {
  /** `[B, Q, N]` of N classes. */
  logits: Tensor;
  /** `[B, Q, S]`: how much each query looked at each example. */
  weights: Tensor;
}

/** The vectors of examples and queries, made together: `[B, S, E]` and `[B, Q, E]`. */
export function embedded(
  embedding: ItemEmbedding,
  { support, query }: Episodes,
  options: EmbeddingCall,
): { support: Tensor; query: Tensor } {
  const rows = (x: Tensor) => reshape(x, [-1, ...x.shape.slice(2)]);
  const of = (x: Tensor) => reshape(embedding.forward(rows(x), options), [...x.shape.slice(0, 2), embedding.size]);
  return { support: of(support), query: of(query) };
}

/** Checks a batch of episodes of `classes` classes; returns [B, S, Q]. */
export function expectEpisodes(op: string, episodes: Episodes, classes: number): [number, number, number] {
  const { support, labels, query } = Object(episodes) as Partial<Episodes>;
  const items = (x: Tensor | undefined) => x instanceof Tensor && x.dtype === 'float32' && x.rank >= 3 && Boolean(x.shape[1]);
  if (!(support && query && items(support) && items(query))) {
    throw new TypeError(`${op}: support and query must be float32 [B, S, …] and [B, Q, …], got ${kindOf(support)} and ${kindOf(query)}`);
  }
  const [batch, length] = support.shape as [number, number];
  if (query.shape[0] !== batch || query.shape.slice(2).join() !== support.shape.slice(2).join()) {
    throw new RangeError(`${op}: query must have the batch and items of support, got ${show(query.shape)} and ${show(support.shape)}`);
  }
  if (!(labels instanceof Tensor && labels.dtype === 'int32' && labels.shape.join() === `${batch},${length}`)) {
    throw new RangeError(`${op}: labels must be int32 ${show([batch, length])}, got ${kindOf(labels)}`);
  }
  const odd = elementsOf(labels).find((label) => !(label >= 0 && label < classes));
  if (odd !== undefined) throw new RangeError(`${op}: labels must be from 0 to ${classes - 1}, got ${odd}`);
  return [batch, length, query.shape[1] as number];
}
