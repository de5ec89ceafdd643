import { type Key, split } from 'saccade';
import { repeatCopyProblems } from 'saccade/tasks';
import { randomInt } from 'saccade/tensor';
import { memoryRecipe, scoresOf, type Trial } from '../../shared/machines.ts';

const trial = (length: number, repeats: number, count: number, batch: number, bits = 8): Trial => ({
  name: `${length} vectors ${repeats} times`,
  count,
  batch,
  problems: (from, size) => repeatCopyProblems(from, { batch: size, length, repeats, bits }),
});

/** A batch of one length from 1 and one number of repeats from 1, which rises with the level: copying once is learnt first. */
const upTo = (longest: number, most: number, bits: number) => (from: Key, batch: number, level: number) => {
  const [forSizes, forBits] = split(from);
  return repeatCopyProblems(forBits, {
    batch,
    length: 1 + randomInt(forSizes, 0, longest),
    repeats: 1 + randomInt(forSizes, 1, Math.min(most, level)),
    bits,
  });
};

/** Graves et al. 2014, §4.2: taught up to 10 vectors 10 times. */
export const repeatCopy = memoryRecipe(
  {
    name: 'repeat-copy',
    shows: 'A Neural Turing Machine says sequences several times, as often as a number asks for, and then that it has ended.',
    machine: { input: 10, output: 9 },
    problems: upTo(10, 10, 8),
    trials: [trial(5, 5, 256, 32), trial(10, 10, 128, 16), trial(10, 20, 32, 16), trial(20, 10, 32, 16)],
    deciding: 2,
    lesson: {
      optimizer: 'Adam',
      lr: 1e-3,
      epsilon: 1e-5,
      batch: 4,
      steps: 40_000,
      every: 500,
      clip: 1,
      fall: 0.7,
      levels: { most: 10, below: 0.08 },
      rival: 40_000,
    },
    rows: (scores, rival) =>
      ['5 vectors 5 times', '10 vectors 10 times', '10 vectors 20 times', '20 vectors 10 times'].flatMap((name, i) => {
        const all = scoresOf(scores, name);
        const other = rival(name);
        return [
          {
            figure: `bits a sequence, ${name}`,
            ours: all.map(({ bits }) => bits),
            ...(i === 1 ? { target: { atMost: 1 }, paper: 'near 0; LSTM takes longer' } : {}),
            ...(other ? { baseline: `${other.bits.toFixed(1)} ${other.net}` } : {}),
          },
          {
            figure: `wrong bits, ${name}`,
            ours: all.map(({ wrong }) => wrong),
            unit: '%',
            ...(other ? { baseline: `${other.wrong.toFixed(1)}% ${other.net}` } : {}),
          },
        ];
      }),
  },
  {
    machine: { input: 5, output: 4, cells: 8, width: 8, hidden: 24 },
    problems: upTo(2, 2, 3),
    trials: [trial(2, 2, 64, 32, 3)],
    deciding: 1,
    lesson: { optimizer: 'Adam', lr: 1e-2, batch: 4, steps: 800, every: 200, clip: 1, levels: { most: 2, below: 0.5 } },
  },
);
