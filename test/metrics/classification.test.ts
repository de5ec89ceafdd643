// Numbers of scikit-learn 1.x's documentation for precision_recall_fscore_support, and sums by hand.
import { describe, expect, it } from 'vitest';
import { calibration, classificationScores, confusionMatrix } from '../../src/metrics/index.ts';

describe('confusionMatrix', () => {
  it('counts answers by the truth', () => {
    expect(confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2], 3)).toEqual([[2, 0, 0], [0, 0, 1], [1, 0, 2]]); // biome-ignore format: the example of sklearn.metrics.confusion_matrix
    expect(confusionMatrix(Int32Array.of(1), Int32Array.of(0), 2)).toEqual([[0, 0], [1, 0]]); // biome-ignore format: a matrix
  });

  it('refuses what is no class', () => {
    expect(() => confusionMatrix([0, 3], [0, 0], 3)).toThrow('confusionMatrix: classes must be in [0, 3), got 3 and 0 at 1');
    expect(() => confusionMatrix([0], [0.5], 3)).toThrow('confusionMatrix: classes must be in [0, 3), got 0 and 0.5 at 0');
    expect(() => confusionMatrix([0], [], 3)).toThrow('confusionMatrix: each answer must have its truth, got 0 and 1');
    expect(() => confusionMatrix([0], [0], 0)).toThrow('confusionMatrix: classes must be a whole number from 1, got 0');
    expect(() => confusionMatrix(5 as never, [0], 1)).toThrow('confusionMatrix: truth must be a list, got 5');
  });
});

describe('classificationScores', () => {
  it('has precision, recall and F1 of each class, and their mean', () => {
    // truth 0 0 0 0 1 1 2, answers 0 0 0 1 1 0 0
    const { accuracy, macroF1, classes } = classificationScores([[3, 1, 0], [1, 1, 0], [1, 0, 0]]); // biome-ignore format: a matrix
    expect(accuracy).toBeCloseTo(4 / 7, 12);
    expect(classes).toEqual([
      { precision: 3 / 5, recall: 3 / 4, f1: 2 / 3, support: 4 },
      { precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 },
      { precision: 0, recall: 0, f1: 0, support: 1 },
    ]);
    expect(macroF1).toBeCloseTo((2 / 3 + 1 / 2) / 3, 12);
  });

  it('leaves out of the mean what neither occurs nor is answered', () => {
    const { macroF1, accuracy } = classificationScores([[2, 0, 0], [0, 0, 0], [0, 0, 3]]); // biome-ignore format: a matrix
    expect([macroF1, accuracy]).toEqual([1, 1]);
    expect(classificationScores([[0, 1], [0, 0]]).macroF1).toBe(0); // biome-ignore format: a matrix
    expect(classificationScores([[0]])).toMatchObject({ macroF1: 0, accuracy: 0 });
  });

  it('refuses what is no matrix of counts', () => {
    for (const wrong of [[[1, 2]], [[-1]], [[0.5]], 7])
      expect(() => classificationScores(wrong as never)).toThrow('classificationScores: confusion must be a square of counts, got');
  });
});

describe('calibration', () => {
  it('is the mean distance of confidence and accuracy, bin by bin', () => {
    const { error, bins } = calibration([0.05, 0.62, 0.68, 0.7, 0.95, 1], [false, true, false, true, true, true], { bins: 10 });
    expect(bins.map(({ count }) => count)).toEqual([1, 0, 0, 0, 0, 0, 3, 0, 0, 2]);
    expect(bins[6]).toMatchObject({ count: 3, accuracy: 2 / 3 });
    expect(bins[6]?.confidence).toBeCloseTo(2 / 3, 12);
    expect(error).toBeCloseTo((0.05 + 0 + (2 - 1.95)) / 6, 12);
    expect(calibration([], [])).toMatchObject({ error: 0 });
    expect(calibration([0, 1], [true, false], { bins: 2 }).error).toBe(1);
  });

  it('refuses what is no confidence', () => {
    expect(() => calibration([1.1], [true])).toThrow('calibration: confidences must be in [0, 1], got 1.1 at 0');
    expect(() => calibration([0.1], [])).toThrow('calibration: each confidence must be of one answer, got 1 and 0');
    expect(() => calibration([0.1], [true], { bins: 0 })).toThrow('calibration: bins must be a whole number from 1, got 0');
  });
});
