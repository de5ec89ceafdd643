import { Module } from '../../nn/module.ts';
import { add, batchGather, div, matmul, mul, oneHot, reshape, softmax, square, sub, sum, transpose } from '../../ops/index.ts';
import { expectOptions, isFlag, isSize, maybe, ruleOf } from '../../tensor/check.ts';
import { elementsOf, type Tensor } from '../../tensor/tensor.ts';
import type { EmbeddingCall, ItemEmbedding } from './conv-embedding.ts';
import { type EpisodeOutput, type Episodes, embedded, expectEpisodes } from './few-shot.ts';

/** The parts of a {@link PrototypicalNetwork}. */
export interface PrototypicalNetworkParts {
  /** Makes a vector of an item, such as {@link ConvEmbedding}. */
  embedding: ItemEmbedding;
}

/** Options of a call. */
export interface EpisodeCall extends EmbeddingCall {
  /** N, the number of classes of an episode. */
  classes: number;
}

/** The rule of an embedding. */
export const isEmbedding = /* @__PURE__ */ ruleOf('a Module with forward() and a size', (value) => {
  const { forward, size } = Object(value) as Partial<ItemEmbedding>;
  return value instanceof Module && typeof forward === 'function' && Number.isInteger(size);
});

/**
 * Classes are known by the mean of their examples' vectors, and a query belongs to the nearest: `p(n) = softmax(−‖f(x) − cₙ‖²)` (Snell, Swersky and
 * Zemel 2017, "Prototypical networks for few-shot learning", §2.3). Nothing is learnt but the embedding, so an episode may have other numbers of classes and examples than in training.
 */
export class PrototypicalNetwork extends Module {
  readonly embedding: ItemEmbedding;

  constructor(parts: PrototypicalNetworkParts) {
    super();
    expectOptions('PrototypicalNetwork', parts, { embedding: isEmbedding });
    this.embedding = parts.embedding;
  }

  /**
   * Answers the queries of episodes: `logits` `[B, Q, N]`, `prototypes` `[B, N, E]`, and as `weights` `[B, Q, S]` the probability of a class
   * shared out among its examples. Each class must have an example.
   */
  forward(episodes: Episodes, options: EpisodeCall): EpisodeOutput & { prototypes: Tensor } {
    expectOptions('PrototypicalNetwork', options, { classes: isSize, update: maybe(isFlag) });
    const { classes, ...rest } = options;
    const [batch] = expectEpisodes('PrototypicalNetwork', episodes, classes);
    const { support, query } = embedded(this.embedding, episodes, rest);
    const members = oneHot(episodes.labels, classes); // [B, S, N]
    const counts = sum(members, { axis: 1 }); // [B, N]
    const empty = elementsOf(counts).indexOf(0);
    if (empty >= 0) throw new RangeError(`PrototypicalNetwork: each class must have an example, got none of class ${empty % classes}`);
    const prototypes = div(matmul(transpose(members), support), reshape(counts, [batch, classes, 1])); // [B, N, E]
    const apart = sub(
      add(sum(square(query), { axis: 2, keepDims: true }), reshape(sum(square(prototypes), { axis: 2 }), [batch, 1, classes])),
      mul(2, matmul(query, transpose(prototypes))),
    ); // [B, Q, N]: ‖f − c‖²
    const logits = mul(apart, -1);
    const shares = div(softmax(logits), reshape(counts, [batch, 1, classes])); // [B, Q, N]
    const weights = transpose(batchGather(transpose(shares), episodes.labels)); // [B, Q, S]
    return { logits, weights, prototypes };
  }
}
