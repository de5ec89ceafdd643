import { describe, expect, it } from 'vitest';
import {
  backward,
  bestOf,
  clipSpectralNorm,
  key,
  linearStart,
  mul,
  param,
  reshape,
  SGD,
  spectralNorm,
  sum,
  tensor,
  train,
} from '../../src/all.ts';

/** A matrix of known singular values: rotations of both sides of a diagonal. */
function matrix(values: readonly number[], rows: number, columns: number): number[][] {
  const a = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => (i === j ? (values[i] ?? 0) : 0)));
  const turn = (lines: number[][], i: number, j: number, angle: number) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const [x, y] = [lines[i] as number[], lines[j] as number[]];
    lines[i] = x.map((v, k) => c * v - s * (y[k] as number));
    lines[j] = x.map((v, k) => s * v + c * (y[k] as number));
  };
  const turned = (lines: number[][]) => {
    for (let i = 0; i < lines.length; i++) for (let j = i + 1; j < lines.length; j++) turn(lines, i, j, 0.7 + 0.3 * i + 0.2 * j);
    return lines;
  };
  const flipped = (lines: number[][]) => (lines[0] ?? []).map((_, j) => lines.map((line) => line[j] as number));
  return flipped(turned(flipped(turned(a))));
}

describe('spectralNorm', () => {
  it.each([
    [[5, 4, 1], 3, 4],
    [[2, 7, 6.9], 5, 3],
    [[3], 1, 4],
    [[1, 1, 1], 3, 3],
    [[0, 0], 2, 2],
  ] as const)('of singular values %j in %i × %i', (values, rows, columns) => {
    const x = tensor(matrix(values, rows, columns));
    expect(spectralNorm(x)).toBeCloseTo(Math.max(...values), 4);
  });

  it('takes a vector as one row, and more axes as a matrix of the first', () => {
    expect(spectralNorm(tensor([3, 4]))).toBeCloseTo(5, 6);
    expect(spectralNorm(reshape(tensor(matrix([5, 4], 2, 6)), [2, 3, 2]))).toBeCloseTo(5, 5);
    for (const scale of [1e-38, 1e-30, 1e20, 1e37]) expect(spectralNorm(tensor([3 * scale, 4 * scale])) / scale).toBeCloseTo(5, 4);
    expect(spectralNorm(tensor([1, Number.NaN]))).toBeNaN();
    expect(() => spectralNorm(tensor(new Float32Array(0), { shape: [0, 2] }))).toThrow('spectralNorm: x must have elements, got [0, 2]');
  });
});

describe('clipSpectralNorm', () => {
  const graded = (gradient: number[][]) => {
    const x = param(() => tensor(gradient.map((row) => row.map(() => 1))));
    backward(sum(mul(x, tensor(gradient))));
    return x;
  };

  it('scales each gradient by itself, by its largest singular value', () => {
    const [large, small] = [graded(matrix([9, 8, 2], 3, 4)), graded(matrix([4, 4, 4], 3, 3))]; // the second is longer than 5, but not wider
    const before = Array.from(small.grad?.toArray() ?? []);
    const norm = clipSpectralNorm([large, small], 5);
    expect(norm).toBeCloseTo(Math.sqrt(81 + 64 + 4 + 48), 3);
    const wanted = matrix([5, 40 / 9, 10 / 9], 3, 4).flat();
    Array.from(large.grad?.toArray() ?? []).forEach((g, i) => expect(g).toBeCloseTo(wanted[i] as number, 4));
    expect(Array.from(small.grad?.toArray() ?? [])).toEqual(before);
    expect(() => clipSpectralNorm([large], -1)).toThrow('clipSpectralNorm: maxNorm must be');
  });

  it('is what train does with a function for clip', async () => {
    const x = param(() => tensor([[1, 1]]));
    const seen: number[] = [];
    for await (const { gradNorm } of train({
      key: key(1),
      batches: () => [1],
      loss: () => sum(mul(x, tensor([[30, 40]]))),
      optimizer: new SGD([x], { lr: 1 }),
      steps: 1,
      clip: (parameters) => clipSpectralNorm(parameters, 5),
    })) seen.push(gradNorm); // biome-ignore format: one line
    expect(seen[0]).toBeCloseTo(50, 4);
    expect(x.toArray()[0]).toBeCloseTo(1 - 3, 5);
    expect(x.toArray()[1]).toBeCloseTo(1 - 4, 5);
  });
});

describe('linearStart', () => {
  it('has its linear epochs at the full rate, then halves', () => {
    const rule = linearStart({ linear: 2, epochs: 5, every: 2, lr: 8 });
    const epochs = Array.from({ length: rule.epochs }, (_, i) => i);
    expect(epochs.map((epoch) => rule.linear(epoch))).toEqual([true, true, false, false, false, false, false]);
    expect(epochs.map((epoch) => rule.lr(epoch))).toEqual([8, 8, 8, 8, 4, 4, 2]);
    expect([linearStart().epochs, linearStart().lr(44), linearStart().lr(45), linearStart().linear(29)]).toEqual([90, 0.005, 0.0025, true]);
    expect(() => linearStart({ every: 0 })).toThrow('linearStart: every must be a whole number from 1, got 0');
  });

  it('takes a run that diverged for the worst, wherever it stands, and throws only if all have', async () => {
    const of =
      (...errors: number[]) =>
      (i: number) => ({ error: errors[i] as number, result: i });
    expect((await bestOf(3, of(Number.NaN, 2, 3))).restart).toBe(1);
    expect((await bestOf(3, of(2, Number.NaN, 1), { enough: 0 })).restart).toBe(2);
    expect((await bestOf(2, of(Number.NaN, Number.POSITIVE_INFINITY))).restart).toBe(1);
    expect((await bestOf(2, of(2, Number.NaN))).errors).toEqual([2, Number.NaN]);
    await expect(bestOf(2, of(Number.NaN, Number.NaN))).rejects.toThrow('bestOf: every run has diverged, with an error of NaN in 2; try');
    await expect(bestOf(1, () => ({ error: '1', result: 0 }) as never)).rejects.toThrow("bestOf: error of a run must be a number, got '1'");
    await expect(bestOf(1, () => undefined as never)).rejects.toThrow(
      'bestOf: what a run returns must be an object with [error, result], got undefined',
    );
  });
});

describe('bestOf', () => {
  it('takes the lowest error, of equals the first, and stops where one is good enough', async () => {
    const errors = [0.5, 0.2, 0.4, 0.2];
    const run = (i: number) => ({ error: errors[i] as number, result: `run ${i}` });
    expect(await bestOf(4, run)).toEqual({ error: 0.2, result: 'run 1', restart: 1, errors });
    expect((await bestOf(4, run, { enough: 0.5 })).errors).toEqual([0.5]);
    await expect(bestOf(0, run)).rejects.toThrow('bestOf: count must be a whole number from 1, got 0');
  });
});
