// The memory networks' rows of the module table.
import { EntityNetwork } from '../../src/models/memory/entity-network.ts';
import { MemoryLanguageModel } from '../../src/models/memory/memory-language-model.ts';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../src/models/memory/memory-network.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, key, randomInt } from '../../src/tensor/random.ts';
import { beside, lengthOf, type ModuleRow, row, sentences } from '../nn/row.ts';

/** Sentences of the longest story, and words of the longest sentence. */
export const [STORY, WORDS, SYMBOLS] = [4, 3, 7];

const all = (examples: readonly number[], shape: readonly number[], at: (e: number, i: number) => number) => {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = examples.flatMap((e) => Array.from({ length: size }, (_, i) => at(e, i)));
  return tensor(Int32Array.from(values), { shape: [examples.length, ...shape] });
};

/** Sentences of an example that are real; each is one word shorter than the one before it, from the longest on again. */
export const told = (e: number) => lengthOf(e, STORY);
const wordsIn = (s: number) => WORDS - (s % WORDS);

export const storiesOf = (examples: readonly number[]) =>
  all(examples, [STORY, WORDS], (e, i) => {
    const [s, j] = [Math.floor(i / WORDS), i % WORDS];
    return s < told(e) && j < wordsIn(s) ? 1 + randomInt(foldIn(key(41), e), i, SYMBOLS - 1) : 0;
  });

/** 1 for the latest; the oldest of three and more is a year older than it need be. */
export const agesOf = (examples: readonly number[]) =>
  all(examples, [STORY], (e, s) => (s < told(e) ? told(e) - s + (s === 0 && told(e) > 2 ? 1 : 0) : 0));

/** Two questions an example, after the first sentence and after the last. */
export const questionsOf = (examples: readonly number[]) =>
  all(examples, [2, WORDS], (e, i) => (i % WORDS < 1 + (e % WORDS) ? 1 + randomInt(foldIn(key(43), e), i, SYMBOLS - 1) : 0));
export const afterOf = (examples: readonly number[]) => all(examples, [2], (e, i) => (i === 0 ? 1 : told(e)));

/** The words before the next one: shorter pasts begin with padding. */
export const pastOf = (examples: readonly number[]) =>
  all(examples, [STORY], (e, s) => (s < STORY - told(e) ? 0 : 1 + randomInt(foldIn(key(44), e), s, SYMBOLS - 1)));

const memory = (name: string | undefined, options: Partial<MemoryNetworkOptions>, linear = false) =>
  row({
    module: 'MemoryNetwork',
    ...(name ? { name } : {}),
    build: (from) => new MemoryNetwork({ symbols: SYMBOLS, size: 4, words: WORDS, memory: STORY + 2, hops: 2, ...options }, from),
    call: (model, examples) => {
      const ages = options.time === false ? {} : { ages: agesOf(examples) };
      const { logits, weights } = model.forward(storiesOf(examples), sentences(examples, WORDS, SYMBOLS, 2), { ...ages, linear });
      return beside(logits, weights);
    },
  });

const entities = (name: string | undefined, options: object) =>
  row({
    module: 'EntityNetwork',
    ...(name ? { name } : {}),
    build: (from) => new EntityNetwork({ symbols: SYMBOLS, size: 4, words: WORDS, slots: 3, ...options }, from),
    constant: ['storyWeights', 'questionWeights', 'slopes'],
    call: (model, examples) => {
      const { logits, weights, gates, states } = model.forward(storiesOf(examples), questionsOf(examples), afterOf(examples));
      return beside(logits, weights, gates, states);
    },
  });

export const memoryRows: ModuleRow[] = [
  memory(undefined, {}),
  memory('linear start', {}, true),
  memory('layerwise', { tying: 'layerwise', hops: 3, nil: false }),
  memory('bag, no time', { encoding: 'bag', time: false }),
  row({
    module: 'MemoryLanguageModel',
    build: (from) => new MemoryLanguageModel({ symbols: SYMBOLS, size: 5, memory: STORY + 2, hops: 3 }, from),
    call: (model, examples) => {
      const { logits, weights } = model.forward(pastOf(examples));
      return beside(logits, weights);
    },
  }),
  entities(undefined, {}),
  entities('tied keys', { tied: [2, 3, 5] }),
];
