// What all readers share: a document and a question become a vector, and the vector one of the candidates that the document names.

import { noGrad } from '../../autograd/record.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import type { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { and, argmax, greater, greaterEqual, less, max, oneHot, softmax, sub, sum, where } from '../../ops/index.ts';
import type { Embedded } from '../../ops/sequence.ts';
import { expectCall, expectKey, isCount, isShare, isSize, isWhole, keyName, maybe, type Rules } from '../../tensor/check.ts';
import { foldIn, type Key, split } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import { elementsOf, type Tensor } from '../../tensor/tensor.ts';
import { expectTokens, tokenMask } from '../tokens.ts';

/** What every reader is made with. */
export interface ReaderOptions {
  /** Symbols of documents and questions. */
  symbols: number;
  /** C, how many symbols may be an answer: those from `first` on. */
  candidates: number;
  /** The first symbol that may be an answer. Default 1. */
  first?: number | undefined;
  /** Width of each recurrent network in each direction. */
  hidden: number;
  /** Width of the embeddings. Default `hidden`. */
  embedding?: number | undefined;
  /** Probability of dropping an element of the embeddings if a key is given. Default 0. */
  dropout?: number | undefined;
  /** Fills the end of shorter documents and questions; −1 if there is no padding. Default 0. */
  pad?: number | undefined;
}

/** The rules of these options. */
export const isReader: Rules<ReaderOptions> = {
  symbols: isSize,
  candidates: isSize,
  first: /* @__PURE__ */ maybe(isCount),
  hidden: isSize,
  embedding: /* @__PURE__ */ maybe(isSize),
  dropout: /* @__PURE__ */ maybe(isShare),
  pad: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(-1)),
};

/** What a reader makes of documents and questions before it answers. */
export interface Digest {
  /** The vector that the answer is chosen by `[B, D]`. */
  vector: Tensor;
  /** How much of each place was taken at each look `[B, T, S]`, 0 at padding; `null` if the reader does not look. */
  weights: Tensor | null;
}

/** What a reader says to a batch of questions. */
export interface Reading {
  /** `ln` of the candidates' probabilities but for a constant `[B, C]`; −∞ where the document does not name the candidate. */
  logits: Tensor;
  /** How much of each place was taken at each look `[B, T, S]`, 0 at padding; `null` if the reader does not look. */
  weights: Tensor | null;
}

/** One side of what is read: tokens as input of a recurrent network, and which of them are real. */
export interface Side {
  /** Vectors `[B, S, E]`, or symbols of the table. */
  input: Tensor | Embedded;
  /** bool `[B, S]`. */
  mask: Tensor;
}

/**
 * A reader of documents that answers questions with a gap (Hermann et al. 2015, "Teaching machines to read and comprehend", §3.2): `p(a) ∝ e^(W_a g)` for
 * the candidates a that the document names, g a vector of document and question. The others count nowhere, not even in training. Readers differ in g.
 */
export abstract class Reader extends Module {
  readonly embedding: Embedding;
  abstract readonly output: Linear;
  /** C. */
  readonly candidates: number;
  /** The first symbol that may be an answer. */
  readonly first: number;
  private readonly pad: number;
  private readonly dropout: Dropout;

  constructor(name: string, options: ReaderOptions, key: Key) {
    super();
    expectKey(name, key);
    const { symbols, candidates, first = 1, hidden, embedding = hidden, dropout = 0, pad = 0 } = options;
    if (first + candidates > symbols) {
      throw new RangeError(
        `${name}: symbols must be at least first and candidates together, got ${symbols} for ${first} and ${candidates}`,
      );
    }
    this.embedding = new Embedding({ symbols, size: embedding }, key);
    this.candidates = candidates;
    this.first = first;
    this.pad = pad;
    this.dropout = new Dropout({ p: dropout });
  }

  /** The vector from which the answer is chosen, and where the reader looked. @internal */
  protected abstract digest(document: Side, question: Side): Digest;

  /**
   * Documents (int32 `[B, S]`) and questions (int32 `[B, T]`) to logits of the candidates `[B, C]` and to where the reader looked: the answer's class, for
   * `crossEntropy`, is its symbol less `first`. With `key` (training) dropout is on. A text has the same bits alone, in a batch and before padding.
   */
  forward(document: Tensor, question: Tensor, options: { key?: Key | undefined } = {}): Reading {
    expectCall('Reader', options, keyName);
    expectTokens('Reader', 'document', document);
    expectTokens('Reader', 'question', question);
    if (document.shape[0] !== question.shape[0]) {
      throw new RangeError(`Reader: document and question must be as many, got ${document.shape[0]} and ${question.shape[0]}`);
    }
    const [forDocument, forQuestion] = options.key ? split(options.key) : [];
    const { vector, weights } = this.digest(this.side(document, forDocument), this.side(question, forQuestion));
    return { logits: where(this.named(document), this.output.forward(vector), -Infinity), weights };
  }

  /** The likeliest answer of each document (int32 `[B, S]`) to its question (int32 `[B, T]`), its probability, and where the reader looked. */
  answer(document: Tensor, question: Tensor): { answers: number[]; probabilities: number[]; weights: Tensor | null } {
    return scope(() =>
      noGrad(() => {
        const { logits, weights } = this.forward(document, question);
        const answers = Array.from(argmax(logits, { axis: -1 }).toArray(), (candidate) => candidate + this.first);
        return { answers, probabilities: Array.from(max(softmax(logits), { axis: -1 }).toArray()), weights };
      }),
    );
  }

  private side(tokens: Tensor, key: Key | undefined): Side {
    const drops = key && this.dropout.p > 0;
    const input = drops ? this.dropout.forward(this.embedding.forward(tokens), { key: foldIn(key, 0) }) : this.embedding.lookup(tokens);
    return { input, mask: tokenMask(tokens, this.pad) };
  }

  /** bool `[B, C]`: which candidates a document names. */
  private named(document: Tensor): Tensor {
    const { candidates, first } = this;
    const may = and(and(greaterEqual(document, first), less(document, first + candidates)), tokenMask(document, this.pad));
    const counts = sum(oneHot(where(may, sub(document, first), -1), candidates), { axis: 1 }); // [B, C]
    const named = greater(counts, 0);
    const none = elementsOf(max(counts, { axis: 1 })).indexOf(0);
    if (none >= 0) throw new RangeError(`Reader: document must name a candidate, got none in row ${none}`);
    return named;
  }
}
