import type { Key } from 'saccade';
import { ngramProblems } from 'saccade/tasks';
import { memoryRecipe, scoresOf, type Trial } from '../../shared/machines.ts';

const trial = (count: number, length: number, order: number): Trial => ({
  name: `${length} bits`,
  count,
  batch: 32,
  problems: (from, batch) => ngramProblems(from, { batch, length, order }),
});

/** Sequences of as many deciding bits as the level says: of few, tables are small, and what they are good for shows at once. */
const upTo = (order: number) => (from: Key, batch: number, level: number) =>
  ngramProblems(from, { batch, order: Math.min(order, level), length: Math.min(200, 25 * 2 ** level) });

/** Graves et al. 2014, §4.4: the exact optimum of each sequence is known. */
export const ngrams = memoryRecipe(
  {
    name: 'ngrams',
    shows:
      'A Neural Turing Machine predicts bits of sequences that follow a table of their own each, beside the best that anyone can do without knowing the table.',
    machine: { input: 1, output: 1, hidden: 64, cells: 64, contents: 'learned' },
    start: { strength: 4, gate: 3, stay: 3, controller: 2, heads: 3 },
    problems: upTo(5),
    trials: [trial(512, 200, 5)],
    deciding: 1,
    lesson: {
      optimizer: 'Adam',
      lr: 3e-3,
      batch: 8,
      steps: 20_000,
      every: 500,
      clip: 1,
      fall: 0.95,
      levels: { most: 5, below: 0.72 },
      rival: 8_000,
    },
    rows: (scores, rival) => {
      const all = scoresOf(scores, '200 bits');
      const other = rival('200 bits');
      const best = all[0]?.optimum ?? 0;
      return [
        {
          figure: 'bits a sequence, 195 predicted',
          ours: all.map(({ bits }) => bits),
          digits: 1,
          paper: 'NTM between LSTM and the estimator',
          baseline: `${other ? `${other.bits.toFixed(1)} ${other.net}, ` : ''}${best.toFixed(1)} the Bayesian estimator, 195 guessing`,
        },
        {
          figure: 'above the Bayesian estimator on the same sequences',
          ours: all.map(({ bits, optimum }) => 100 * (bits / optimum - 1)),
          unit: '%',
          digits: 1,
          target: { atMost: 5 },
          ...(other ? { baseline: `${(100 * (other.bits / other.optimum - 1)).toFixed(1)}% ${other.net}` } : {}),
        },
      ];
    },
  },
  {
    machine: { input: 1, output: 1, cells: 8, width: 4, hidden: 16 },
    problems: (from, batch) => ngramProblems(from, { batch, length: 30, order: 1 }),
    trials: [trial(64, 30, 1)],
    deciding: 1,
    lesson: { optimizer: 'Adam', lr: 1e-2, batch: 8, steps: 120, every: 60, clip: 10 },
  },
);
