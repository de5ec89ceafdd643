import { binaryCrossEntropyWithLogits, crossEntropy, key, slice } from 'saccade';
import { EntityNetwork, NeuralTuringMachine } from 'saccade/models';
import { copyProblems } from 'saccade/tasks';
import type { Case } from '../case.ts';
import { type Lesson, proofOf, step, tokens, training } from './step.ts';

interface Sizes {
  batch: number;
  length: number;
  cells: number;
  width: number;
  hidden: number;
}

const BITS = 8;

/** A training step of copying with one head that reads and one that writes; the loss is that of the answers. */
function lesson({ batch, length, ...sizes }: Sizes): Lesson {
  return () => {
    const model = new NeuralTuringMachine({ input: BITS + 1, output: BITS, ...sizes }, key(1));
    const { inputs, targets } = copyProblems(key(2), { batch, length });
    return { model, loss: () => binaryCrossEntropyWithLogits(slice(model.forward(inputs).output, 1, -length), targets) };
  };
}

function copying(sizes: Sizes): Case {
  const { batch, length, cells, width, hidden } = sizes;
  const steps = 2 * length + 1;
  const heads = 2 * (width + 6) + 2 * width;
  const products = 4 * hidden * (BITS + 1 + width + hidden) + hidden * heads + BITS * (hidden + width) + 4 * cells * width;
  return {
    ...training,
    name: `Neural Turing Machine B${batch} T${steps} ${cells} × ${width} LSTM-${hidden}`,
    work: 6 * batch * steps * products,
    setup: () => step(lesson(sizes)),
    proof: () => proofOf(lesson({ ...sizes, length: 3 })),
    task: {
      op: 'machine',
      shapes: [[batch, steps, BITS + 1]],
      ...{ batch, steps, input: BITS + 1, output: BITS, cells, width, hidden, training: true },
    },
    target: { most: 15 * batch },
  };
}

interface Stories {
  batch: number;
  sentences: number;
  slots: number;
  size: number;
}

const [SYMBOLS, WORDS, QUESTIONS] = [34, 6, 5];

/** A training step of reading whole stories and answering five questions about each. */
function reading({ batch, sentences, slots, size }: Stories): Lesson {
  return () => {
    const model = new EntityNetwork({ symbols: SYMBOLS, words: WORDS, slots, size }, key(1));
    const stories = tokens(2, [batch, sentences, WORDS], SYMBOLS);
    const [questions, after] = [tokens(3, [batch, QUESTIONS, WORDS], SYMBOLS), tokens(4, [batch, QUESTIONS], sentences + 1)];
    const answers = tokens(5, [batch, QUESTIONS], SYMBOLS);
    return {
      model,
      loss: () => crossEntropy(model.forward(stories, questions, after).logits, answers, { ignoreIndex: 0, reduction: 'sum' }),
    };
  };
}

function hearing(sizes: Stories, most: number): Case {
  const { batch, sentences, slots, size } = sizes;
  const heard = sentences * ((slots + 1) * size * size + 2 * slots * size);
  const asked = QUESTIONS * (size * size + 2 * slots * size + SYMBOLS * size);
  return {
    ...training,
    name: `Entity network B${batch} S${sentences} ${slots} × ${size}`,
    work: 6 * batch * (heard + asked),
    setup: () => step(reading(sizes)),
    proof: () => proofOf(reading({ ...sizes, sentences: 3 })),
    target: { most },
  };
}

const paper = { cells: 128, width: 20, hidden: 100 };

const entities = { slots: 20, size: 100 };

export const machines: Case[] = [
  copying({ batch: 1, length: 10, ...paper }),
  copying({ batch: 8, length: 10, ...paper }),
  hearing({ batch: 4, sentences: 22, ...entities }, 9),
  hearing({ batch: 20, sentences: 9, ...entities }, 18),
];
