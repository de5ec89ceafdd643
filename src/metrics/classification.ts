import { expectOptions, isFlag, isList, isSize, maybe, ruleOf, shown } from '../tensor/check.ts';

/** Counts of answers: `confusion[truth][answer]`. */
export type Confusion = readonly (readonly number[])[];

/** How often each class was given for each true class: rows are the truth. Classes are numbers below `classes`. */
export function confusionMatrix(truth: ArrayLike<number>, answers: ArrayLike<number>, classes: number): number[][] {
  isSize('confusionMatrix', 'classes', classes);
  isList('confusionMatrix', 'truth', truth);
  isList('confusionMatrix', 'answers', answers);
  if (truth.length !== answers.length) {
    throw new RangeError(`confusionMatrix: each answer must have its truth, got ${answers.length} and ${truth.length}`);
  }
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) {
    const row = counts[truth[i] as number];
    const column = answers[i] as number;
    if (row?.[column] === undefined) {
      throw new RangeError(`confusionMatrix: classes must be in [0, ${classes}), got ${shown(truth[i])} and ${shown(column)} at ${i}`);
    }
    row[column]++;
  }
  return counts;
}

/** How well one class is found. */
export interface ClassScores {
  /** Share of the answers with this class that are right; 0 without such answers. */
  readonly precision: number;
  /** Share of this class that is found; 0 where there is none of it. */
  readonly recall: number;
  /** `2 P R / (P + R)`, the harmonic mean of both; 0 where nothing was right. */
  readonly f1: number;
  /** How many there are of this class. */
  readonly support: number;
}

/** How well all classes are found. */
export interface ClassificationScores {
  /** Share of right answers. */
  readonly accuracy: number;
  /** Mean F1 of the classes that occur, in the truth or among the answers (van Rijsbergen 1979, ch. 7). */
  readonly macroF1: number;
  /** Each class by its number. */
  readonly classes: readonly ClassScores[];
}

const isCounts = /* @__PURE__ */ ruleOf(
  'a square of counts',
  (rows) =>
    Array.isArray(rows) &&
    rows.every((row) => Array.isArray(row) && row.length === rows.length && row.every((n) => Number.isSafeInteger(n) && n >= 0)),
);

const ratio = (part: number, all: number) => (all === 0 ? 0 : part / all);

/** Accuracy, precision, recall and F1 from a {@link confusionMatrix}, in float64. All are 0 without answers. */
export function classificationScores(confusion: Confusion): ClassificationScores {
  isCounts('classificationScores', 'confusion', confusion);
  const classes = confusion.map((row, k) => {
    const found = row[k] as number;
    const support = row.reduce((sum, n) => sum + n, 0);
    const given = confusion.reduce((sum, other) => sum + (other[k] as number), 0);
    return {
      scores: { precision: ratio(found, given), recall: ratio(found, support), f1: ratio(2 * found, given + support), support },
      given,
    };
  });
  const occurring = classes.filter(({ scores, given }) => scores.support + given > 0);
  const right = confusion.reduce((sum, row, k) => sum + (row[k] as number), 0);
  return {
    accuracy: ratio(right, classes.reduce((sum, { scores }) => sum + scores.support, 0)), // biome-ignore format: one sum a line
    macroF1: ratio(occurring.reduce((sum, { scores }) => sum + scores.f1, 0), occurring.length), // biome-ignore format: one sum a line
    classes: classes.map(({ scores }) => scores),
  };
}

/** Answers of about one confidence. */
export interface CalibrationBin {
  /** How many. */
  readonly count: number;
  /** Their mean confidence; 0 without any. */
  readonly confidence: number;
  /** The share of them that is right; 0 without any. */
  readonly accuracy: number;
}

/** How well confidence says how often an answer is right. */
export interface Calibration {
  /** The expected calibration error: the mean distance of accuracy and confidence over the answers. 0 without answers. */
  readonly error: number;
  /** From the least to the most confident. */
  readonly bins: readonly CalibrationBin[];
}

/**
 * The expected calibration error (Naeini et al. 2015; Guo et al. 2017, eq. 3): answers in bins of equal width by their confidence, which is in [0, 1], bin i
 * holding those above i / bins, up to (i + 1) / bins.
 */
export function calibration(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  options: { bins?: number | undefined } = {},
): Calibration {
  expectOptions('calibration', options, { bins: maybe(isSize) });
  const { bins = 10 } = options;
  isList('calibration', 'confidences', confidences);
  isList('calibration', 'right', right);
  if (confidences.length !== right.length) {
    throw new RangeError(`calibration: each confidence must be of one answer, got ${confidences.length} and ${right.length}`);
  }
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (let i = 0; i < right.length; i++) {
    const confidence = confidences[i] as number;
    isFlag('calibration', `right at ${i}`, right[i]);
    if (!(typeof confidence === 'number' && confidence >= 0 && confidence <= 1))
      throw new RangeError(`calibration: confidences must be in [0, 1], got ${shown(confidence)} at ${i}`);
    const bin = sums[Math.max(0, Math.ceil(confidence * bins) - 1)] as (typeof sums)[number];
    bin.count++;
    bin.confidence += confidence;
    bin.right += right[i] ? 1 : 0;
  }
  const error = sums.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0);
  return {
    error: ratio(error, right.length),
    bins: sums.map((bin) => ({ count: bin.count, confidence: ratio(bin.confidence, bin.count), accuracy: ratio(bin.right, bin.count) })),
  };
}
