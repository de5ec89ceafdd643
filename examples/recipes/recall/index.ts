import { type Key, split } from 'saccade';
import { recallProblems } from 'saccade/tasks';
import { randomInt } from 'saccade/tensor';
import { memoryRecipe, scoresOf, type Trial } from '../../shared/machines.ts';

const trial = (items: number, count: number, sizes: { bits?: number; itemLength?: number } = {}): Trial => ({
  name: `${items} items`,
  count,
  batch: 32,
  problems: (from, batch) => recallProblems(from, { batch, items, ...sizes }),
});

const upTo =
  (most: number, sizes: { bits?: number; itemLength?: number } = {}) =>
  (from: Key, batch: number) => {
    const [forItems, forBits] = split(from);
    return recallProblems(forBits, { batch, items: 2 + randomInt(forItems, 0, most - 1), ...sizes });
  };

/** Graves et al. 2014, §4.3: taught with 2 to 6 items, asked for up to 15. */
export const recall = memoryRecipe(
  {
    name: 'recall',
    shows: 'A Neural Turing Machine reads items of three 6-bit vectors, is shown one of them again, and says the one that came after it.',
    machine: { input: 8, output: 6 },
    problems: upTo(6),
    trials: [trial(6, 512), trial(12, 256), trial(15, 256)],
    deciding: 2,
    lesson: { optimizer: 'Adam', lr: 1e-3, batch: 8, steps: 9000, every: 300, clip: 50 },
    rows: (scores, rival) =>
      ['6 items', '12 items', '15 items'].map((name, i) => ({
        figure: `bits a sequence, ${name} (18 by chance)`,
        ours: scoresOf(scores, name).map(({ bits }) => bits),
        ...(i === 0 ? { target: { atMost: 1 }, paper: 'near 0 after 30,000 sequences; LSTM not after 1,000,000' } : {}),
        ...(rival(name) ? { baseline: `${rival(name)?.bits.toFixed(1)} LSTM 3 × 256` } : {}),
      })),
  },
  {
    machine: { input: 5, output: 3, cells: 8, width: 8, hidden: 24 },
    problems: upTo(2, { bits: 3, itemLength: 1 }),
    trials: [trial(2, 64, { bits: 3, itemLength: 1 })],
    deciding: 1,
    lesson: { optimizer: 'Adam', lr: 1e-2, batch: 8, steps: 300, every: 100, clip: 10 },
  },
);
