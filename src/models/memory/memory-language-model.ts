import { Module, param } from '../../nn/module.ts';
import { add, concat, embeddingBag, equal, expand, less, linear, matmul, normal, relu, reshape, where } from '../../ops/index.ts';
import { expectIndices } from '../../ops/indices.ts';
import { expectKey, expectOptions, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { arange, full } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectTokens } from '../tokens.ts';
import type { MemoryAnswer } from './memory-network.ts';
import { overPlaces, unpadded } from './words.ts';

/** Options of a {@link MemoryLanguageModel}. */
export interface MemoryLanguageModelOptions {
  /** Number of words, padding (0) included. */
  symbols: number;
  /** D, the width of the state and of all embeddings. */
  size: number;
  /** How many words back it remembers. Default 100. */
  memory?: number | undefined;
  /** How many times the memory is read. Default 6. */
  hops?: number | undefined;
}

const rules: Rules<MemoryLanguageModelOptions> = {
  symbols: isSize,
  size: isSize,
  memory: /* @__PURE__ */ maybe(isSize),
  hops: /* @__PURE__ */ maybe(isSize),
};

/** The state that asks first. */
const START = 0.1;

/**
 * The memory network as a language model (Sukhbaatar et al. 2015, §5): every word of the past is a place of memory of its own, `m = A x + T_A` and `c
 * = C x + T_C` with vectors of its age, and there is no question: the state begins as 0.1. Each hop reads `p = softmax(uᵀ m)`, and goes on
 * with `H u + Σ p c`, rectified in the second half of its units; embeddings are the same for all hops. The next word has the logits
 * `W u`. Everything starts from N(0, 0.1²).
 */
export class MemoryLanguageModel extends Module {
  readonly input: Tensor; // A, and T_A behind it: [C + memory, D]
  readonly output: Tensor; // C, and T_C: [C + memory, D]
  readonly between: Tensor; // H [D, D]
  readonly answers: Tensor; // W [C, D]
  readonly memory: number;
  readonly hops: number;

  constructor(options: MemoryLanguageModelOptions, key: Key) {
    super();
    expectOptions('MemoryLanguageModel', options, rules);
    expectKey('MemoryLanguageModel', key);
    const { symbols, size, memory = 100, hops = 6 } = options;
    const [forInput, forOutput, forBetween, forAnswers] = split(key, 4);
    const draw = (from: Key, rows: number) => param(() => normal(from, [rows, size], { std: 0.1 }));
    this.input = draw(forInput, symbols + memory);
    this.output = draw(forOutput, symbols + memory);
    this.between = draw(forBetween, size);
    this.answers = draw(forAnswers, symbols);
    this.memory = memory;
    this.hops = hops;
  }

  /**
   * What follows words int32 `[B, S]`, at most `memory` of them: those that are 0, at the beginning of a shorter past, say nothing. `logits` are
   * `[B, C]`, `weights` `[B, hops, S]`.
   */
  forward(words: Tensor): MemoryAnswer {
    expectTokens('MemoryLanguageModel', 'words', words);
    const [batch, length] = words.shape as readonly [number, number];
    if (length === 0 || length > this.memory) {
      throw new RangeError(`MemoryLanguageModel: words must be 1 to ${this.memory}, got ${show(words.shape)}`);
    }
    const [symbols, size] = this.answers.shape as readonly [number, number];
    expectIndices('MemoryLanguageModel', words, 0, symbols, 'words'); // behind the words are those of time
    const ages = arange(symbols + length - 1, symbols - 1, -1); // [S]
    const each = concat([reshape(words, [batch, length, 1]), reshape(where(equal(words, 0), 0, ages), [batch, length, 1])], 2);
    const m = embeddingBag(this.input, each, { paddingIndex: 0 }); // [B, S, D]
    const c = embeddingBag(this.output, each, { paddingIndex: 0 }); // [B, S, D]
    const straight = less(arange(size), Math.ceil(size / 2)); // [D]
    let state = expand(full([1], START), [batch, 1, size]);
    const looks: Tensor[] = [];
    for (let hop = 0; hop < this.hops; hop++) {
      const look = overPlaces(matmul(state, m, { transposeB: true }), this.memory); // [B, 1, S]
      const next = add(linear(state, this.between), matmul(look, c));
      state = where(straight, next, relu(next));
      looks.push(look);
    }
    return { logits: linear(reshape(state, [batch, size]), unpadded(this.answers)), weights: concat(looks, 1) };
  }
}
