// The tasks of machines with a memory: what is asked has its answer in what was shown.
import { describe, expect, it } from 'vitest';
import {
  copyProblems,
  krichevskyTrofimov,
  ngramProblems,
  prioritySortProblems,
  recallProblems,
  repeatCopyProblems,
  type TapeTask,
  tapeProblems,
} from '../../src/tasks/index.ts';
import { foldIn, key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** [B, T, D] as rows of one example. */
function rowsOf(x: Tensor, b: number): number[][] {
  const [, steps = 0, width = 0] = x.shape;
  const values = Array.from(x.toArray());
  return Array.from({ length: steps }, (_, t) => values.slice((b * steps + t) * width, (b * steps + t + 1) * width));
}

describe('the tasks of the Neural Turing Machine', () => {
  it('copy: the vectors, a flag, silence; the vectors again', () => {
    const { inputs, targets } = copyProblems(key(1), { batch: 2, length: 3, bits: 4 });
    const shown = rowsOf(inputs, 1);
    expect(inputs.shape).toEqual([2, 7, 5]);
    expect(shown[3]).toEqual([0, 0, 0, 0, 1]);
    expect(shown.slice(4).flat()).toEqual(new Array(15).fill(0));
    expect(shown.slice(0, 3).map((row) => row.slice(0, 4))).toEqual(rowsOf(targets, 1));
    const ones = Array.from(copyProblems(key(2), { batch: 50, length: 20 }).targets.toArray()).reduce((a, b) => a + b) / 8000;
    expect(ones).toBeCloseTo(0.5, 1);
  });

  it('repeat copy: as often as the number says, then the end mark', () => {
    const { inputs, targets } = repeatCopyProblems(key(1), { batch: 1, length: 2, repeats: 3, bits: 3 });
    const [shown, answer] = [rowsOf(inputs, 0), rowsOf(targets, 0)];
    expect([inputs.shape, targets.shape]).toEqual([[1, 10, 5], [1, 7, 4]]); // biome-ignore format: shapes
    expect(shown[2]?.slice(3)).toEqual([1, Math.fround((3 - 5.5) / Math.sqrt(8.25))]);
    for (let r = 0; r < 3; r++)
      expect(answer.slice(2 * r, 2 * r + 2).map((row) => row.slice(0, 3))).toEqual(shown.slice(0, 2).map((row) => row.slice(0, 3)));
    expect(answer.map((row) => row[3])).toEqual([0, 0, 0, 0, 0, 0, 1]);
  });

  it('recall: the item after the one that is shown again, never that after the last', () => {
    const { inputs, targets } = recallProblems(key(3), { batch: 20, items: 3, bits: 6, itemLength: 2 });
    for (let b = 0; b < 20; b++) {
      const shown = rowsOf(inputs, b);
      const items = [0, 1, 2].map((i) => JSON.stringify(shown.slice(3 * i + 1, 3 * i + 3).map((row) => row.slice(0, 6))));
      expect([0, 3, 6].map((t) => shown[t]?.[6])).toEqual([1, 1, 1]);
      expect([9, 12].map((t) => shown[t]?.[7])).toEqual([1, 1]);
      const asked = items.indexOf(JSON.stringify(shown.slice(10, 12).map((row) => row.slice(0, 6))));
      expect([0, 1]).toContain(asked);
      expect(JSON.stringify(rowsOf(targets, b))).toBe(items[asked + 1]);
    }
  });

  it('priority sort: whole vectors, the highest priority first', () => {
    const { inputs, targets } = prioritySortProblems(key(4), { batch: 2, items: 6, answers: 4, bits: 5 });
    for (const b of [0, 1]) {
      const shown = rowsOf(inputs, b).slice(0, 6);
      const sorted = shown.toSorted((x, y) => (y[5] as number) - (x[5] as number)).slice(0, 4);
      expect(rowsOf(targets, b)).toEqual(sorted.map((row) => row.slice(0, 5)));
    }
  });

  it('n-grams: the Bayesian predicts by counts, and is what the mean over tables costs', () => {
    expect(Array.from(krichevskyTrofimov([1, 1, 1, 0, 1], 1))).toEqual([0.5, 0.75, 2.5 / 3, 0.5]);
    // Krichevsky and Trofimov: with a in N₁ ones and N₀ zeros the product of predictions is Γ(N₁ + ½) Γ(N₀ + ½) / (π N!), whatever the order.
    const product = [0, 1, 1, 0, 1].reduce((p, bit, t, all) => {
      const one = krichevskyTrofimov(all, 0)[t] as number;
      return p * (bit ? one : 1 - one);
    }, 1);
    expect(product).toBeCloseTo((0.5 * 1.5 * 2.5 * 0.5 * 1.5) / 120, 12);
    const { inputs, targets, optimum } = ngramProblems(key(5), { batch: 256 });
    expect([inputs.shape, targets.shape]).toEqual([[256, 199, 1], [256, 195, 1]]); // biome-ignore format: shapes
    expect(rowsOf(targets, 3).slice(0, -1)).toEqual(rowsOf(inputs, 3).slice(5));
    expect(Math.abs(optimum.reduce((a, b) => a + b) / 256 - 127.98)).toBeLessThan(6); // σ of a sequence is 21 bits
  });
});

describe('the tasks of tapes', () => {
  const tapes = (task: TapeTask) => {
    const { input, target } = tapeProblems(key(2), { task, batch: 1, length: 3, symbols: 5 });
    return [Array.from(input.toArray()), Array.from(target.toArray())] as [number[], number[]];
  };
  const body = (tape: number[]) => tape.slice(0, -1);

  it('end with the end sign, and ask for what their names say', () => {
    for (const task of ['copy', 'duplicatedInput', 'reverse', 'repeatCopy', 'forwardReverse'] as const) {
      expect(tapes(task).map((tape) => tape.at(-1))).toEqual([1, 1]);
    }
    const [x] = tapes('copy').map(body) as [number[]];
    expect(body(tapes('copy')[1])).toEqual(x);
    expect(tapes('duplicatedInput').map(body)).toEqual([x.flatMap((sign) => [sign, sign, sign]), x]);
    expect(tapes('reverse').map(body)).toEqual([x, x.toReversed()]);
    expect(tapes('forwardReverse').map(body)).toEqual([x, [...x, ...x.toReversed()]]);
    for (let i = 0; i < 8; i++) {
      const { input, target } = tapeProblems(foldIn(key(3), i), { task: 'repeatCopy', batch: 1, length: 2, symbols: 5 });
      const [times = 0, ...rest] = body(Array.from(input.toArray()));
      expect([7, 8]).toContain(times);
      expect(body(Array.from(target.toArray()))).toEqual(Array.from({ length: times - 5 }, () => rest).flat());
    }
  });
});
