import { Module, param } from '../../nn/module.ts';
import {
  add,
  batchGather,
  embeddingBag,
  entityStates,
  expand,
  gather,
  linear,
  matmul,
  minimum,
  mul,
  normal,
  reshape,
  slice,
  softmax,
  sub,
} from '../../ops/index.ts';
import { expectIndices } from '../../ops/indices.ts';
import { expectFields, expectKey, expectOptions, isSize, maybe, type Rules, ruleOf } from '../../tensor/check.ts';
import { ones, tensor } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { sameShape, show } from '../../tensor/shape.ts';
import { expectTensor, kindOf, Tensor } from '../../tensor/tensor.ts';
import { expectStories, realSentences, unpadded } from './words.ts';

/** Options of an {@link EntityNetwork}. */
export interface EntityNetworkOptions {
  /** Number of words, padding (0) included; answers are among them. */
  symbols: number;
  /** D, the width of a sentence and of an entity's state. */
  size: number;
  /** The most words of a sentence or question. */
  words: number;
  /** The number of entities with free keys. Default 20, or as many as are `tied`. */
  slots?: number | undefined;
  /** Words that are the entities: the keys are their embeddings. Default none: the keys are parameters of their own. */
  tied?: readonly number[] | undefined;
}

/** What an {@link EntityNetwork} knows of a story. */
export interface EntityMemory {
  /** `[B, S + 1, slots, D]`: each entity's state before the first sentence and after each one. */
  states: Tensor;
  /** `[B, S, slots]`: how much each sentence changed each entity, from 0 to 1. */
  gates: Tensor;
}

/** What an {@link EntityNetwork} answers. */
export interface EntityAnswer {
  /** `[B, questions, C]`. */
  logits: Tensor;
  /** `[B, questions, slots]`: how much of each entity a question read. */
  weights: Tensor;
}

const rules: Rules<EntityNetworkOptions> = {
  symbols: isSize,
  size: isSize,
  words: isSize,
  slots: /* @__PURE__ */ maybe(isSize),
  tied: /* @__PURE__ */ maybe(
    ruleOf(
      'words, each a whole number from 1',
      (value) => Array.isArray(value) && value.length > 0 && value.every((word) => word > 0 && Number.isSafeInteger(word)),
    ),
  ),
};

/** `x` where it is positive, `slopes · x` elsewhere (He et al. 2015), given the slopes less 1: `x` itself where that is 0. */
const prelu = (x: Tensor, bend: Tensor): Tensor => add(x, mul(minimum(x, 0), bend));

/**
 * The recurrent entity network (Henaff et al. 2017). Slots, each with a key `w_j` and a state `h_j` that begins as the key, hear every sentence
 * `s = Σ_k f_k ∘ E x_k`:
 *
 * `g_j = sigmoid(sᵀ (h_j + w_j) + b_j)`, `h̃_j = φ(U h_j + b + V s + W w_j)`, `h_j ← h_j + g_j h̃_j`, then divided by its norm;
 *
 * padding leaves states as they are. A question `q` reads `u = Σ_j softmax(qᵀ h_j) h_j`, and the answer is `R φ(q + H u)`. `φ` is a PReLU
 * with a slope per dimension, the same everywhere, that begins as the identity. Everything else starts from N(0, 0.1²), the masks `f`
 * from 1; a bias per slot is the authors' code's.
 *
 * One pass over a story answers all its questions: {@link read}, then {@link answer}.
 */
export class EntityNetwork extends Module {
  readonly embedding: Tensor; // [C, D]
  readonly keys: Tensor | null; // [slots, D]
  readonly storyWeights: Tensor; // [J, D]
  readonly questionWeights: Tensor; // [J, D]
  readonly gateBias: Tensor; // [slots]
  readonly stateWeight: Tensor; // U [D, D]
  readonly stateBias: Tensor; // [D]
  readonly sentenceWeight: Tensor; // V [D, D]
  readonly keyWeight: Tensor; // W [D, D]
  readonly readWeight: Tensor; // H [D, D]
  readonly slopes: Tensor; // [D]
  readonly answers: Tensor; // R [C, D]
  private readonly tied: readonly number[] | undefined;
  private readonly words: number;

  constructor(options: EntityNetworkOptions, key: Key) {
    super();
    expectOptions('EntityNetwork', options, rules);
    expectKey('EntityNetwork', key);
    const { symbols, size, words, tied, slots = tied?.length ?? 20 } = options;
    if (tied && (tied.length !== slots || tied.some((word) => word >= symbols))) {
      throw new RangeError(`EntityNetwork: tied must be ${slots} words below ${symbols}, got ${show(tied)}`);
    }
    const keys = split(key, 9);
    let drawn = 0;
    const draw = (...shape: number[]) => param(() => normal(keys[drawn++] as Key, shape, { std: 0.1 }));
    this.embedding = draw(symbols, size);
    this.keys = tied ? null : draw(slots, size);
    this.storyWeights = param(() => ones([words, size]));
    this.questionWeights = param(() => ones([words, size]));
    this.gateBias = draw(slots);
    this.stateWeight = draw(size, size);
    this.stateBias = draw(size);
    this.sentenceWeight = draw(size, size);
    this.keyWeight = draw(size, size);
    this.readWeight = draw(size, size);
    this.slopes = param(() => ones([size]));
    this.answers = draw(symbols, size);
    this.tied = tied && [...tied];
    this.words = words;
  }

  /** Answers `questions` int32 `[B, questions, J]`, each asked after so many sentences as `after` `[B, questions]` says. */
  forward(stories: Tensor, questions: Tensor, after: Tensor): EntityAnswer & EntityMemory {
    const memory = this.read(stories);
    return { ...this.answer(memory, questions, after), ...memory };
  }

  /** Reads stories int32 `[B, S, J]`, padded with 0 at their ends. */
  read(stories: Tensor): EntityMemory {
    expectStories('EntityNetwork', stories);
    const [batch = 0, length = 0, words = 0] = stories.shape;
    if (length === 0) throw new RangeError(`EntityNetwork: stories must have a sentence, got ${show(stories.shape)}`);
    const keys = this.keyRows(); // [slots, D]
    const heard = this.sentences(stories, this.storyWeights, words); // [B, S, D]
    const { gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes } = this;
    const weights = { keys, gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes };
    return entityStates(heard, expand(keys, [batch, ...keys.shape]), weights, { mask: realSentences(stories) });
  }

  /** Answers questions as {@link forward} does, from what is known of their stories. */
  answer(memory: EntityMemory, questions: Tensor, after: Tensor): EntityAnswer {
    expectFields('EntityNetwork', 'memory', memory, 'states');
    expectTensor('EntityNetwork', 'memory.states', memory.states);
    const [batch, times, slots, size] = memory.states.shape as readonly [number, number, number, number];
    if (!(questions instanceof Tensor && questions.dtype === 'int32' && questions.rank === 3 && questions.shape[0] === batch)) {
      throw new TypeError(`EntityNetwork: questions must be int32 [${batch}, questions, J], got ${kindOf(questions)}`);
    }
    const [, count, words] = questions.shape as readonly [number, number, number];
    if (!(after instanceof Tensor && after.dtype === 'int32' && sameShape(after.shape, [batch, count]))) {
      throw new TypeError(`EntityNetwork: after must be int32 [${batch}, ${count}], got ${kindOf(after)}`);
    }
    expectIndices('EntityNetwork', after, 0, times, 'after');
    const asked = this.sentences(questions, this.questionWeights, words); // [B, questions, D]
    const known = batchGather(reshape(memory.states, [batch, times, slots * size]), after);
    const states = reshape(known, [batch, count, slots, size]);
    const scores = matmul(reshape(asked, [batch, count, 1, size]), states, { transposeB: true }); // [B, questions, 1, slots]
    const weights = softmax(scores);
    const read = reshape(matmul(weights, states), [batch, count, size]);
    const seen = prelu(add(asked, linear(read, this.readWeight)), sub(this.slopes, 1));
    return { logits: linear(seen, unpadded(this.answers)), weights: reshape(weights, [batch, count, slots]) };
  }

  private keyRows(): Tensor {
    return this.keys ?? gather(this.embedding, tensor(Int32Array.from(this.tied ?? [])));
  }

  private sentences(index: Tensor, weights: Tensor, words: number): Tensor {
    if (words > this.words) throw new RangeError(`EntityNetwork: sentences must have at most ${this.words} words, got ${words}`);
    return embeddingBag(this.embedding, index, { weights: slice(weights, 0, 0, words), paddingIndex: 0 });
  }
}
