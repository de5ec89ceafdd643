import { Module, param } from '../../nn/module.ts';
import { positionEncoding } from '../../nn/positions/position-encoding.ts';
import { add, concat, embeddingBag, equal, linear, matmul, normal, reshape, slice, where } from '../../ops/index.ts';
import { expectIndices } from '../../ops/indices.ts';
import { anything, expectKey, expectOptions, isFlag, isOneOf, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import { sameShape, show } from '../../tensor/shape.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';
import { expectTokens } from '../tokens.ts';
import { expectStories, overPlaces, realSentences, unpadded } from './words.ts';

/** Options of a {@link MemoryNetwork}. */
export interface MemoryNetworkOptions {
  /** Number of words, padding (0) included; answers are among them. */
  symbols: number;
  /** D, the width of a sentence's vector. */
  size: number;
  /** J, the most words of a sentence or question: the position encoding counts from both of its ends. */
  words: number;
  /** The most sentences of a story, and the number of time words. Default 50. */
  memory?: number | undefined;
  /** How many times the memory is read. Default 3. */
  hops?: number | undefined;
  /**
   * How hops share embeddings. `adjacent` (the default): the output embedding of a hop is the input embedding of the next, the first is the
   * question's, the last is the answers'. `layerwise`: all hops have the same two, and a linear map of the state lies between hops, as in an RNN.
   */
  tying?: 'adjacent' | 'layerwise' | undefined;
  /** What a word's place in the sentence does: `position` weighs its embedding, in `bag` it does nothing. Default `position`. */
  encoding?: 'position' | 'bag' | undefined;
  /** Whether a sentence holds a word of its age. Default true. */
  time?: boolean | undefined;
  /** Whether the places of memory without a sentence take part in the softmax, with score 0, as in the authors' code. Default true. */
  nil?: boolean | undefined;
}

/** How a story is read. */
export interface MemoryReadOptions {
  /** int32 `[B, S]`: the age of each sentence, 1 for the latest, at most `memory`; 0 where there is none. Needed where `time` is on. */
  ages?: Tensor | undefined;
  /** Linear start: the scores themselves instead of their softmax. Default false. */
  linear?: boolean | undefined;
}

/** What a {@link MemoryNetwork} answers. */
export interface MemoryAnswer {
  /** `[B, C]`: over the words, and behind them the time words, which are no answers. */
  logits: Tensor;
  /** `[B, hops, S]`: how much of each sentence each hop read. */
  weights: Tensor;
}

const rules: Rules<MemoryNetworkOptions> = {
  symbols: isSize,
  size: isSize,
  words: isSize,
  memory: /* @__PURE__ */ maybe(isSize),
  hops: /* @__PURE__ */ maybe(isSize),
  tying: /* @__PURE__ */ maybe(isOneOf('adjacent', 'layerwise')),
  encoding: /* @__PURE__ */ maybe(isOneOf('position', 'bag')),
  time: /* @__PURE__ */ maybe(isFlag),
  nil: /* @__PURE__ */ maybe(isFlag),
};

const reading: Rules<MemoryReadOptions> = {
  ages: anything, // checked with the story
  linear: /* @__PURE__ */ maybe(isFlag),
};

/** Embeddings of a hop, as their places in the list. */
interface Roles {
  question: number;
  input: (hop: number) => number;
  output: (hop: number) => number;
  answer: number;
}

const adjacent = (hops: number): Roles => ({ question: 0, input: (hop) => hop, output: (hop) => hop + 1, answer: hops });
const layerwise: Roles = { question: 2, input: () => 0, output: () => 1, answer: 3 };

/**
 * The end-to-end memory network (Sukhbaatar, Szlam, Weston and Fergus 2015): a story is one vector per sentence, `m = Σ_j l_j ∘ A x_j` and `c`
 * likewise; the question is `u = Σ_j l_j ∘ B q_j`. Each hop reads `p = softmax(uᵀ m)` and goes on with `u + Σ p c` (`H u + Σ p c` where tied
 * layerwise); the answer is `W u`. As in the authors' code the age of a sentence is a word behind its last one, and row 0, which is
 * padding, is 0. Everything starts from N(0, 0.1²).
 *
 * It learns by the summed loss of 32 questions, `clipSpectralNorm` and `linearStart`, several times over (`bestOf`).
 */
export class MemoryNetwork extends Module {
  /** `[C, D]` each: one more than hops where tied adjacently; layerwise those of input, output, question and answer. */
  readonly embeddings: readonly Tensor[];
  /** H `[D, D]`, where tied layerwise. */
  readonly between: Tensor | null;
  readonly hops: number;
  readonly memory: number;
  private readonly symbols: number;
  private readonly words: number;
  private readonly encoded: boolean;
  private readonly time: boolean;
  private readonly nil: boolean;
  private readonly roles: Roles;

  constructor(options: MemoryNetworkOptions, key: Key) {
    super();
    expectOptions('MemoryNetwork', options, rules);
    expectKey('MemoryNetwork', key);
    const { symbols, size, words, memory = 50, hops = 3, tying = 'adjacent', encoding = 'position', time = true, nil = true } = options;
    const tables = tying === 'adjacent' ? hops + 1 : 4;
    const keys = split(key, tables + 1);
    const draw = (i: number, shape: number[]) => param(() => normal(keys[i] as Key, shape, { std: 0.1 }));
    this.embeddings = Array.from({ length: tables }, (_, i) => draw(i, [symbols + (time ? memory : 0), size]));
    this.between = tying === 'layerwise' ? draw(tables, [size, size]) : null;
    this.roles = tying === 'adjacent' ? adjacent(hops) : layerwise;
    this.hops = hops;
    this.memory = memory;
    this.symbols = symbols;
    this.words = words;
    this.encoded = encoding === 'position';
    this.time = time;
    this.nil = nil;
  }

  /** Answers `questions` int32 `[B, J]` about `stories` int32 `[B, S, J]`, both padded with 0 at their ends. */
  forward(stories: Tensor, questions: Tensor, options: MemoryReadOptions = {}): MemoryAnswer {
    expectOptions('MemoryNetwork', options, reading);
    this.expectSizes(stories, questions);
    if (!this.time && options.ages) throw new TypeError('MemoryNetwork: ages must be left out where time is off, got some');
    const [batch, length] = stories.shape as readonly [number, number, number];
    const index = this.time ? concat([stories, this.timeWords(stories, options.ages)], 2) : stories; // [B, S, J + 1]
    const { weights: places, own } = this.places(index.shape[2] as number, questions.shape[1] as number);
    const bags = new Map<number, Tensor>();
    const bag = (table: number): Tensor => {
      const known = bags.get(table) ?? embeddingBag(this.embeddings[table] as Tensor, index, { weights: places, paddingIndex: 0 });
      bags.set(table, known);
      return known; // [B, S, D]
    };
    const asked = embeddingBag(this.embeddings[this.roles.question] as Tensor, questions, { weights: own, paddingIndex: 0 });
    let state = reshape(asked, [batch, 1, -1]); // [B, 1, D]
    const looks: Tensor[] = [];
    const real = this.nil ? undefined : reshape(realSentences(stories), [batch, 1, length]);
    for (let hop = 0; hop < this.hops; hop++) {
      const scores = matmul(state, bag(this.roles.input(hop)), { transposeB: true }); // [B, 1, S]
      const look = options.linear ? scores : overPlaces(scores, this.memory, real);
      const read = matmul(look, bag(this.roles.output(hop))); // [B, 1, D]
      state = add(this.between ? linear(state, this.between) : state, read);
      looks.push(look);
    }
    const logits = linear(reshape(state, [batch, -1]), unpadded(this.embeddings[this.roles.answer] as Tensor)); // [B, V]
    return { logits, weights: reshape(concat(looks, 1), [batch, this.hops, length]) };
  }

  /** The word of each sentence's age `[B, S, 1]`: age 1 is the first behind the words. */
  private timeWords(stories: Tensor, ages: Tensor | undefined): Tensor {
    const shape = stories.shape.slice(0, 2);
    if (!(ages instanceof Tensor && ages.dtype === 'int32' && sameShape(ages.shape, shape))) {
      throw new RangeError(`MemoryNetwork: ages must be int32 ${show(shape)} of the sentences, got ${kindOf(ages)}`);
    }
    expectIndices('MemoryNetwork', ages, 0, this.memory + 1, 'ages');
    return reshape(where(equal(ages, 0), 0, add(ages, this.symbols - 1)), [...shape, 1]);
  }

  /** The weights of the places of a sentence `[J + 1, D]` (its last word is the time word) and of a question; none in a bag. */
  private places(columns: number, asked: number): { weights: Tensor | undefined; own: Tensor | undefined } {
    if (!this.encoded) return { weights: undefined, own: undefined };
    const all = positionEncoding({ words: this.words + (this.time ? 1 : 0), size: (this.embeddings[0] as Tensor).shape[1] as number });
    const words = slice(all, 0, 0, columns - (this.time ? 1 : 0));
    return { weights: this.time ? concat([words, slice(all, 0, this.words)], 0) : words, own: slice(all, 0, 0, asked) };
  }

  private expectSizes(stories: Tensor, questions: Tensor): void {
    expectStories('MemoryNetwork', stories);
    expectTokens('MemoryNetwork', 'questions', questions);
    expectIndices('MemoryNetwork', stories, 0, this.symbols, 'stories'); // behind the words are those of time
    expectIndices('MemoryNetwork', questions, 0, this.symbols, 'questions');
    const [batch, length = 0, words = 0] = stories.shape;
    const [asked, own = 0] = questions.shape;
    if (asked !== batch) throw new RangeError(`MemoryNetwork: questions must be ${batch}, one a story, got ${asked}`);
    if (length > this.memory || Math.max(words, own) > this.words) {
      const rule = `stories must have at most ${this.memory} sentences of ${this.words} words, as the questions`;
      throw new RangeError(`MemoryNetwork: ${rule}, got ${show(stories.shape)} and ${show(questions.shape)}`);
    }
  }
}
