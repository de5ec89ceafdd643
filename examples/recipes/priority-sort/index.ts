import { prioritySortProblems } from 'saccade/tasks';
import { memoryRecipe, scoresOf, type Trial } from '../../shared/machines.ts';

const trial = (count: number, sizes: { items: number; answers: number; bits: number }): Trial => ({
  name: `${sizes.answers} of ${sizes.items}`,
  count,
  batch: 32,
  problems: (from, batch) => prioritySortProblems(from, { batch, ...sizes }),
});

const few = { items: 3, answers: 2, bits: 3 };

/** Graves et al. 2014, §4.5: whole vectors are sorted, by their priorities. */
export const prioritySort = memoryRecipe(
  {
    name: 'priority-sort',
    shows: 'A Neural Turing Machine reads 20 vectors with priorities, and says the 16 with the highest in their order.',
    // In 128 cells, most of them empty, looks by content find nothing at first, and nothing is learnt.
    machine: { input: 9, output: 8, cells: 24, reads: 2, writes: 2 },
    start: { strength: 4 },
    problems: (from, batch) => prioritySortProblems(from, { batch }),
    trials: [trial(512, { items: 20, answers: 16, bits: 8 })],
    deciding: 1,
    lesson: { optimizer: 'Adam', lr: 1e-3, epsilon: 1e-6, batch: 8, steps: 120_000, every: 2000, clip: 1, fall: 0.8, rival: 40_000 },
    rows: (scores, rival) => {
      const all = scoresOf(scores, '16 of 20');
      const other = rival('16 of 20');
      return [
        {
          figure: 'bits a sequence (128 by chance)',
          ours: all.map(({ bits }) => bits),
          digits: 1,
          paper: 'near 0 after 1,000,000 sequences',
          ...(other ? { baseline: `${other.bits.toFixed(1)} ${other.net}` } : {}),
        },
        {
          figure: 'wrong bits',
          ours: all.map(({ wrong }) => wrong),
          unit: '%',
          digits: 1,
          target: { atMost: 5 },
          ...(other ? { baseline: `${other.wrong.toFixed(1)}% ${other.net}` } : {}),
        },
      ];
    },
  },
  {
    machine: { input: 4, output: 3, cells: 8, width: 8, hidden: 24 },
    problems: (from, batch) => prioritySortProblems(from, { batch, ...few }),
    trials: [trial(64, few)],
    deciding: 1,
    lesson: { optimizer: 'Adam', lr: 1e-2, batch: 8, steps: 200, every: 100, clip: 10 },
  },
);
