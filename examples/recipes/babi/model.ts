// The models of the recipe: the memory network, without what makes it one, and an LSTM over all words.
import { Embedding, type Key, Linear, LSTM, Module, padBatch, select, split, type Tensor } from 'saccade';
import { type StoryExample, storyBatch } from 'saccade/data';
import { MemoryNetwork } from 'saccade/models';

/** How stories are read. */
export type Kind = 'memory' | 'bag' | 'lstm';

/** What a step tells a model. */
export interface Way {
  linear: boolean;
  /** Draws noise in time, in training. */
  key?: Key;
}

/** A model that answers questions. */
export interface Reader {
  model: Module;
  /** `[B, C]`, and what each hop looked at, `[B, hops, S]`, of the latest sentences. */
  answer(examples: readonly StoryExample[], way: Way): { logits: Tensor; weights?: Tensor };
}

export interface ReaderSizes {
  symbols: number;
  words: number;
  size: number;
}

const MEMORY = 50;

/** An LSTM over the words of the latest sentences and of the question. */
class WordReader extends Module {
  readonly words: Embedding;
  readonly lstm: LSTM;
  readonly output: Linear;

  constructor({ symbols, size }: ReaderSizes, key: Key) {
    super();
    const [forWords, forLstm, forOutput] = split(key, 3);
    this.words = new Embedding({ symbols, size, paddingIndex: 0 }, forWords);
    this.lstm = new LSTM({ input: size, hidden: 2 * size }, forLstm);
    this.output = new Linear({ input: 2 * size, output: symbols }, forOutput);
  }

  forward(lists: readonly number[][]): Tensor {
    const { tokens, mask } = padBatch(lists);
    const { state } = this.lstm.forward(this.words.lookup(tokens), { mask });
    return this.output.forward(select(state.h, 0, 0));
  }
}

function memoryReader(kind: 'memory' | 'bag', { symbols, words, size }: ReaderSizes, key: Key): Reader {
  const model = new MemoryNetwork({ symbols, words, size, memory: MEMORY, encoding: kind === 'bag' ? 'bag' : 'position' }, key);
  return {
    model,
    answer(examples, { linear, key: own }) {
      const noise = own && kind === 'memory' ? { noise: 0.1, key: own } : {};
      const { stories, questions, ages } = storyBatch(examples, { memory: MEMORY, ...noise });
      return model.forward(stories, questions, { ages, linear });
    },
  };
}

export function reader(kind: Kind, sizes: ReaderSizes, key: Key): Reader {
  if (kind !== 'lstm') return memoryReader(kind, sizes, key);
  const model = new WordReader(sizes, key);
  const wordsOf = ({ sentences, question }: StoryExample) => [...sentences.slice(-MEMORY), question].flatMap((words) => Array.from(words));
  return { model, answer: (examples) => ({ logits: model.forward(examples.map(wordsOf)) }) };
}
