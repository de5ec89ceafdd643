import { expand } from '../../autograd/arithmetic.ts';
import { Module } from '../../nn/module.ts';
import { concat, oneHot, reshape, select, slice } from '../../ops/index.ts';
import { anything, expectKey, expectOptions, isFlag, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { zeros } from '../../tensor/create.ts';
import type { Key } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { EmbeddingCall, ItemEmbedding } from './conv-embedding.ts';
import { type Episodes, embedded, expectEpisodes } from './few-shot.ts';
import { isEmbedding } from './prototypical-network.ts';
import { episodeLayers, Snail, type SnailLayer } from './snail.ts';

/** Options of a {@link SnailClassifier}. */
export interface SnailClassifierOptions {
  /** Makes a vector of an item, such as {@link ConvEmbedding}. */
  embedding: ItemEmbedding;
  /** N, the number of classes of an episode. */
  classes: number;
  /** S, the number of examples of an episode. */
  examples: number;
  /** Default: {@link episodeLayers} of S + 1 items. */
  layers?: readonly SnailLayer[] | undefined;
  /** As of {@link Snail}. Default false. */
  norm?: boolean | undefined;
}

const rules: Rules<SnailClassifierOptions> = {
  embedding: isEmbedding,
  classes: isSize,
  examples: isSize,
  layers: anything,
  norm: /* @__PURE__ */ maybe(isFlag),
};

/**
 * SNAIL over an episode of few-shot learning (Mishra et al. 2018, §3.1): the sequence is S examples, each its vector and its class as one of N, then
 * the query, whose class is left 0; the output of the last step says which class it has. Each query is a sequence of its own, so none sees
 * another; their examples are embedded once.
 */
export class SnailClassifier extends Module {
  readonly embedding: ItemEmbedding;
  readonly snail: Snail;
  private readonly classes: number;
  private readonly examples: number;

  constructor(options: SnailClassifierOptions, key: Key) {
    super();
    expectOptions('SnailClassifier', options, rules);
    expectKey('SnailClassifier', key);
    const { embedding, classes, examples, layers = episodeLayers(examples + 1), norm } = options;
    this.embedding = embedding;
    this.snail = new Snail({ input: embedding.size + classes, output: classes, layers, norm }, key);
    this.classes = classes;
    this.examples = examples;
  }

  /** Answers the queries of episodes: `logits` `[B, Q, N]`, and for each attention layer how much they looked at each example `[B, Q, S]`. */
  forward(episodes: Episodes, options: EmbeddingCall = {}): { logits: Tensor; weights: Tensor[] } {
    expectOptions('SnailClassifier', options, { update: maybe(isFlag) });
    const { classes, examples } = this;
    const [batch, length, queries] = expectEpisodes('SnailClassifier', episodes, classes);
    if (length !== examples) throw new RangeError(`SnailClassifier: support must be of ${examples} examples, got ${length}`);
    const { support, query } = embedded(this.embedding, episodes, options);
    const known = concat([support, oneHot(episodes.labels, classes)], 2); // [B, S, E + N]
    const asked = concat([query, zeros([batch, queries, classes])], 2); // [B, Q, E + N]
    const width = asked.shape[2] as number;
    const repeated = expand(reshape(known, [batch, 1, length, width]), [batch, queries, length, width]);
    const sequences = concat([repeated, reshape(asked, [batch, queries, 1, width])], 2); // [B, Q, S + 1, E + N]
    const whole = reshape(sequences, [batch * queries, length + 1, width]);
    const { output, weights = [] } = this.snail.forward(whole, { weights: true });
    const last = (x: Tensor, size: number) => reshape(select(x, 1, length), [batch, queries, size]);
    return { logits: last(output, classes), weights: weights.map((x) => slice(last(x, length + 1), 2, 0, length)) };
  }
}
