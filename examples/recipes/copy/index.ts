import { type Key, split } from 'saccade';
import { copyProblems } from 'saccade/tasks';
import { randomInt } from 'saccade/tensor';
import { memoryRecipe, scoresOf, type Trial } from '../../shared/machines.ts';

const trial = (length: number, count: number, batch: number, bits = 8): Trial => ({
  name: `${length} vectors`,
  count,
  batch,
  problems: (from, size) => copyProblems(from, { batch: size, length, bits }),
});

/** A batch of one length, 1 … `longest`. */
const upTo = (longest: number, bits: number) => (from: Key, batch: number) => {
  const [forLength, forBits] = split(from);
  return copyProblems(forBits, { batch, length: 1 + randomInt(forLength, 0, longest), bits });
};

/** Graves et al. 2014, §4.1: taught up to 20 vectors, tested up to 120. */
export const copy = memoryRecipe(
  {
    name: 'copy',
    shows: 'A Neural Turing Machine copies sequences of 8-bit vectors, taught with 1 to 20 of them and asked for up to 120.',
    machine: { input: 9, output: 8 },
    problems: upTo(20, 8),
    trials: [trial(20, 512, 32), trial(120, 64, 8), trial(10, 256, 32), trial(30, 256, 32), trial(50, 128, 16)],
    deciding: 2,
    // With an ε of 1e-8 steps grow as gradients vanish, and what was learnt is lost again and again; Graves's own is 1e-4 under the root, of summed losses.
    lesson: { optimizer: 'RMSProp', lr: 1e-4, epsilon: 1e-4, batch: 1, steps: 16_000, every: 500, clip: 0.3 },
    rows: (scores, rival) => {
      const bits = (name: string, more: object = {}) => ({
        figure: `bits a sequence, ${name}`,
        ours: scoresOf(scores, name).map((score) => score.bits),
        ...more,
        ...(rival(name) ? { baseline: `${rival(name)?.bits.toFixed(1)} LSTM 3 × 256` } : {}),
      });
      const far = '120 vectors';
      return [
        bits('20 vectors', { target: { atMost: 0.1 }, paper: 'near 0 after 30,000 sequences; LSTM > 2 after 1,000,000' }),
        bits('50 vectors'),
        bits(far),
        {
          figure: `wrong bits, ${far}`,
          ours: scoresOf(scores, far).map(({ wrong }) => wrong),
          unit: '%',
          target: { atMost: 1 },
          ...(rival(far) ? { baseline: `${rival(far)?.wrong.toFixed(1)}% LSTM 3 × 256` } : {}),
        },
      ];
    },
  },
  {
    machine: { input: 5, output: 4, cells: 8, width: 8, hidden: 24 },
    problems: upTo(4, 4),
    trials: [trial(4, 64, 32, 4)],
    deciding: 1,
    lesson: { optimizer: 'Adam', lr: 1e-2, batch: 8, steps: 800, every: 200, clip: 10 },
  },
);
