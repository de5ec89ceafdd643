import { binaryCrossEntropyWithLogits, key, slice } from 'saccade';
import { NeuralTuringMachine } from 'saccade/models';
import { copyProblems } from 'saccade/tasks';
import type { Case } from '../case.ts';
import { type Lesson, proofOf, step, training } from './step.ts';

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

const paper = { cells: 128, width: 20, hidden: 100 };

export const machines: Case[] = [copying({ batch: 1, length: 10, ...paper }), copying({ batch: 8, length: 10, ...paper })];
