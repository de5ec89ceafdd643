import { anything, expectFields, expectKey, expectOptions, isList, isSize, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { full } from '../tensor/create.ts';
import { foldIn, type Key, permutation, randomInt } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Lists of lists of tokens side by side, padded to one number of lists and one length. */
export interface PaddedStories {
  /** int32 `[B, S, J]`. */
  readonly tokens: Tensor;
  /** bool `[B, S]`: true where a list is real. */
  readonly mask: Tensor;
  /** The number of lists of each. */
  readonly lengths: readonly number[];
}

/** Options of {@link padStories}. */
export interface PadStoriesOptions {
  /** Fills what is not there. Default 0. */
  pad?: number | undefined;
  /** The least S. Default 1. */
  minSentences?: number | undefined;
  /** The least J. Default 1. */
  minWords?: number | undefined;
}

const isToken = (value: unknown) => value === (Number(value) | 0);
const isInt32 = /* @__PURE__ */ ruleOf('an int32', isToken);

const padRules: Rules<PadStoriesOptions> = {
  pad: /* @__PURE__ */ maybe(isInt32),
  minSentences: /* @__PURE__ */ maybe(isSize),
  minWords: /* @__PURE__ */ maybe(isSize),
};

/** Sentences, as lists of tokens. */
export type Sentences = readonly ArrayLike<number>[];

/** Pads stories of any number of sentences of any number of words to one batch. */
export function padStories(stories: readonly Sentences[], options: PadStoriesOptions = {}): PaddedStories {
  expectOptions('padStories', options, padRules);
  isList('padStories', 'stories', stories);
  stories.forEach((story, b) => {
    isList('padStories', `story ${b}`, story);
    story.forEach((sentence, s) => void isList('padStories', `sentence ${s} of story ${b}`, sentence));
  });
  const { pad = 0, minSentences = 1, minWords = 1 } = options;
  const lengths = stories.map((story) => story.length);
  const most = lengths.reduce((a, b) => Math.max(a, b), minSentences);
  const words = stories.reduce((a, story) => story.reduce((b, sentence) => Math.max(b, sentence.length), a), minWords);
  const tokens = full([stories.length, most, words], pad, 'int32'); // [B, S, J]
  const mask = full([stories.length, most], 0, 'bool'); // [B, S]
  const [values, real] = [tokens.view(), mask.view()];
  stories.forEach((story, b) => {
    story.forEach((sentence, s) => {
      const at = b * most + s;
      real[at] = 1;
      for (let j = 0; j < sentence.length; j++) {
        const token = sentence[j] as number;
        if (!isToken(token)) throw new RangeError(`padStories: tokens must be int32, got ${token} in story ${b}, sentence ${s}, at ${j}`);
        values[at * words + j] = token;
      }
    });
  });
  return { tokens, mask, lengths };
}

/** A question about the sentences before it, in tokens. */
export interface StoryExample {
  /** All sentences before the question, oldest first. */
  readonly sentences: Sentences;
  /** Tokens of the question. */
  readonly question: ArrayLike<number>;
  /** Token of the answer. */
  readonly answer: number;
}

/** Questions side by side, each with its own story. */
export interface StoryBatch {
  /** int32 `[B, S, J]`: the latest sentences, oldest first. */
  readonly stories: Tensor;
  /** int32 `[B, S]`: 1 for the latest sentence, rising backwards; 0 for padding. */
  readonly ages: Tensor;
  /** int32 `[B, J]`. */
  readonly questions: Tensor;
  /** int32 `[B]`. */
  readonly answers: Tensor;
}

/** Options of {@link storyBatch}. */
export interface StoryBatchOptions {
  /** The most sentences, and the highest age: older ones are left out. Default 50. */
  memory?: number | undefined;
  /**
   * Random noise in time (Sukhbaatar et al. 2015, §4.1): among n sentences up to `noise · n` empty ones are strewn, rounded up, so that ages skip. Needs a
   * key. Default 0.
   */
  noise?: number | undefined;
  /** Draws the noise. */
  key?: Key | undefined;
}

const batchRules: Rules<StoryBatchOptions> = {
  memory: /* @__PURE__ */ maybe(isSize),
  noise: /* @__PURE__ */ maybe(ruleOf('a number from 0', (value) => Number.isFinite(value) && (value as number) >= 0)),
  key: anything, // checked where it is used
};

/** Ages of n sentences, oldest first: n … 1, or n of n + e ranks, capped at `memory`. */
function agesOf(n: number, memory: number, noise: number, key: Key | undefined): number[] {
  const plain = Array.from({ length: n }, (_, i) => n - i);
  if (noise === 0 || n === 0) return plain;
  const own = key as Key;
  const empty = randomInt(own, 0, Math.ceil(noise * n) + 1);
  const ranks = Array.from(permutation(foldIn(own, 1), n + empty).subarray(0, n), (rank) => Math.min(rank + 1, memory));
  return ranks.sort((a, b) => b - a);
}

/** A batch of questions for a memory network: of each story its latest sentences, with their ages. */
export function storyBatch(examples: readonly StoryExample[], options: StoryBatchOptions = {}): StoryBatch {
  expectOptions('storyBatch', options, batchRules);
  const { memory = 50, noise = 0, key } = options;
  if (noise > 0) expectKey('storyBatch', key as Key);
  isList('storyBatch', 'examples', examples);
  for (const [b, { sentences, question, answer }] of examples.map(Object).entries()) {
    for (const [name, list] of Object.entries({ sentences, question })) isList('storyBatch', `${name} of ${b}`, list);
    isInt32('storyBatch', `answer of ${b}`, answer);
  }
  const kept = examples.map(({ sentences }) => sentences.slice(Math.max(0, sentences.length - memory)));
  const stories = padStories(kept).tokens; // [B, S, J]
  const [batch, length] = stories.shape as readonly [number, number, number];
  const ages = full([batch, length], 0, 'int32'); // [B, S]
  const drawn = ages.view();
  kept.forEach((sentences, b) => {
    drawn.set(agesOf(sentences.length, memory, noise, noise > 0 ? foldIn(key as Key, b) : undefined), b * length);
  });
  const asked = padStories([examples.map(({ question }) => question)]).tokens; // [1, B, J]
  const questions = full([batch, asked.shape[2] as number], 0, 'int32');
  questions.view().set(asked.view().subarray(0, questions.size));
  const answers = full([batch], 0, 'int32');
  answers.view().set(examples.map(({ answer }) => answer));
  return { stories, ages, questions, answers };
}

/** A story in words, with its questions in their course. */
export interface WordedStory {
  /** The words of each sentence, oldest first. */
  readonly sentences: readonly (readonly string[])[];
  /** Each with the number of sentences that come before it, its words and its one-word answer. */
  readonly questions: readonly { readonly after: number; readonly words: readonly string[]; readonly answer: string }[];
}

/** Every word of stories, answers included: for a {@link Vocabulary}. */
export function* storyWords(stories: Iterable<WordedStory>): Generator<readonly string[]> {
  for (const { sentences, questions } of stories) {
    yield* sentences;
    for (const { words, answer } of questions) yield [...words, answer];
  }
}

/** The questions of a story, each with the sentences before it, in numbers. */
export function storyExamples(story: WordedStory, vocabulary: Pick<Vocabulary, 'encode' | 'index'>): StoryExample[] {
  expectFields('storyExamples', 'story', story, 'sentences', 'questions');
  expectFields('storyExamples', 'vocabulary', vocabulary);
  const all = story.sentences.map((words) => vocabulary.encode(words));
  return story.questions.map(({ after, words, answer }) => ({
    sentences: all.slice(0, after),
    question: vocabulary.encode(words),
    answer: vocabulary.index(answer),
  }));
}
