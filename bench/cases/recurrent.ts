import { GRU, key, LSTM, mean, square, tensor } from 'saccade';
import { type Case, drawn, type Target } from '../case.ts';
import { type Lesson, proofOf, step, training } from './step.ts';

interface Sizes {
  batch: number;
  steps: number;
  input: number;
  hidden: number;
}

const cores = { LSTM: { Core: LSTM, gates: 4 }, GRU: { Core: GRU, gates: 3 } } as const;

/** A training step over whole sequences; the loss is the mean square of the outputs. */
function lesson(core: keyof typeof cores, { batch, steps, input, hidden }: Sizes): Lesson {
  return () => {
    const model = new cores[core].Core({ input, hidden }, key(1));
    const x = tensor(drawn(batch * steps * input, 1), { shape: [batch, steps, input] });
    return { model, loss: () => mean(square(model.forward(x).output)) };
  };
}

function sequence(core: keyof typeof cores, sizes: Sizes, target: Target): Case {
  const { batch, steps, input, hidden } = sizes;
  const shape = [batch, steps, input];
  return {
    ...training,
    name: `${core} B${batch} T${steps} I${input} H${hidden}`,
    // The inputs' products forward and in the gradient of their weights; those of the states, except for the first, which is zero, also in
    // the states' gradients.
    work: 2 * batch * cores[core].gates * hidden * (2 * steps * input + 3 * (steps - 1) * hidden),
    setup: () => step(lesson(core, sizes)),
    proof: () => proofOf(lesson(core, { ...sizes, batch: 8 })),
    task: { op: core, shapes: [shape], hidden, training: true },
    target,
  };
}

const large = { batch: 64, steps: 20, input: 64, hidden: 256 };
const small = { batch: 32, steps: 12, input: 32, hidden: 64 };

export const recurrent: Case[] = [
  sequence('LSTM', large, { most: 70 }),
  sequence('LSTM', small, { most: 1.95 }),
  sequence('GRU', large, { most: 70 }),
  sequence('GRU', small, { most: 1.95 }),
];
