import { AttentionClassifier, type Classified, type ClassifyOptions } from '../models/attention-classifier.ts';
import { assign } from '../nn/buffer.ts';
import { Embedding } from '../nn/embedding.ts';
import { Module } from '../nn/module.ts';
import { embeddingBag, mul } from '../ops/index.ts';
import { type Key, split } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Sizes of a {@link TextModel}. */
export interface TextModelSizes {
  /** N, the number of symbols; 0 stands for none. */
  symbols: number;
  /** Width of a symbol's vector and of the GRU in each direction. */
  width: number;
  /** The number of labels. */
  labels: number;
}

/** How narrow the vectors of symbols start, relative to `Embedding`'s: so that rare ones say little before they are learnt. */
const NARROW = 0.1;

/** The label of a text: each piece is the mean of its symbols' vectors, and {@link AttentionClassifier} reads the pieces. */
export class TextModel extends Module {
  /** One vector a symbol `[N, I]`; a piece is the mean of its symbols' vectors. */
  readonly embedding: Embedding;
  /** Reads pieces `[B, T, I]`. */
  readonly classifier: AttentionClassifier;

  constructor({ symbols, width, labels }: TextModelSizes, key: Key) {
    super();
    const [forEmbedding, forClassifier] = split(key);
    this.embedding = new Embedding({ symbols, size: width, paddingIndex: 0 }, forEmbedding);
    scope(() => assign(this.embedding.weight, mul(this.embedding.weight, NARROW)));
    this.classifier = new AttentionClassifier({ input: width, hidden: width, labels, dropout: 0.3 }, forClassifier);
  }

  /** Symbols int32 `[B, T, N]`, 0 where there is none, and the share of each `[B, T, 1]`. */
  forward(symbols: Tensor, share: Tensor, options: ClassifyOptions = {}): Classified {
    const pieces = mul(embeddingBag(this.embedding.weight, symbols, { paddingIndex: 0 }), share); // [B, T, I]
    return this.classifier.forward(pieces, options);
  }
}
