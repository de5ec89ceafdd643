import { infer } from '../autograd/infer.ts';
import { type Calibration, type ClassScores, calibration, classificationScores, confusionMatrix } from '../metrics/classification.ts';
import type { Classified } from '../models/attention-classifier.ts';
import type { Module } from '../nn/module.ts';
import { argmax, crossEntropy, log, mean, mul, neg, select, softmax, unstack } from '../ops/index.ts';
import { expectOptions, isFlag, isPositive, maybe, type Rules, ruleOf, shown } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batchesOf } from './batches.ts';
import { expectRows, Front, type FrontReport, isReport, keyOf, teachingRules } from './front.ts';
import { holdOut, type Parts } from './held-out.ts';
import { ASKED, type Asking } from './quality.ts';
import { type Lesson, lossNow, type Pupil, type TeachingOptions, taught } from './teaching.ts';
import { sharpnessOf } from './temperature.ts';
import { inTurns } from './turns.ts';

/** How `fit` teaches a front of labels. */
export interface LabelOptions extends TeachingOptions {
  /** Whether rare labels count as much as common ones while it learns. Default false: each row counts alike. */
  balanced?: boolean | undefined;
}

/** How `update` goes on. */
export interface UpdateOptions<Row> extends TeachingOptions {
  /** Rows from before that are learnt again with the new ones, so that they are not forgotten. Default none. */
  replay?: readonly Row[] | undefined;
}

/** A label and how sure the front is of it. */
export interface Scored {
  /** As the rows spell it. */
  readonly label: string;
  /** In [0, 1]; all labels together have 1. */
  readonly probability: number;
}

/** How well labels are found on rows. */
export interface Evaluation {
  /** How many rows. */
  readonly rows: number;
  /** The mean of `−ln` of the true label's probability. */
  readonly loss: number;
  /** Share of right labels. */
  readonly accuracy: number;
  /** Mean F1 of the labels that occur. */
  readonly macroF1: number;
  /** Precision, recall and F1 of each label. */
  readonly labels: readonly (ClassScores & { readonly label: string })[];
  /** How often each label (column) was given for each true one (row), in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[];
  /** How well probabilities say how often labels are right. */
  readonly calibration: Calibration;
}

/** What was read of a row, and its label's number. */
export interface Labelled<Read> {
  readonly read: Read;
  readonly label: number;
}

/** What a front of labels is made of beside its reader and model. */
export interface LabelParts {
  /** Sorted by code unit. */
  readonly labels: readonly string[];
  /** 1 / T, by which logits are multiplied before the softmax. */
  readonly sharpness: number;
  /** How the last `fit` or `update` went. */
  readonly report: FrontReport;
}

/** The first rate of AdamW. */
const RATE = 2e-3;

const updating: Rules<UpdateOptions<unknown>> = {
  ...teachingRules,
  replay: /* @__PURE__ */ maybe((op, _, value) => expectRows(op, value)),
};

/** The rules of these options. */
export const labelRules: Rules<LabelOptions> = { ...teachingRules, balanced: /* @__PURE__ */ maybe(isFlag) };

const areLabels = /* @__PURE__ */ ruleOf(
  'at least two different strings',
  (value) =>
    Array.isArray(value) && value.length > 1 && new Set(value).size === value.length && value.every((label) => typeof label === 'string'),
);

/** The rules of these parts in a file. */
export const labelSettings: Rules<LabelParts> = { labels: areLabels, sharpness: isPositive, report: isReport };

/** The labels of rows, sorted by code unit: at least two. */
export function labelsOf(op: string, rows: readonly { label: string }[]): string[] {
  const labels = [...new Set(rows.map(({ label }) => label))].sort();
  if (labels.length > 1) return labels;
  throw new RangeError(`${op}: rows must have at least two labels, got only ${shown(labels[0])} from row 0 on`);
}

/** Checks a row's label. */
export function expectLabel(op: string, row: unknown, i: number): void {
  const label: unknown = Object(row).label;
  if (typeof label !== 'string' || label === '')
    throw new TypeError(`${op}: row ${i} must have a label that is a string, got ${shown(label)}`);
}

/** What fronts of labels share: learning, probabilities that hold, evaluation. `Read` is what the front makes of a row. */
export abstract class LabelFront<Row extends { label: string }, Read> extends Front {
  /** Its labels, sorted. */
  readonly labels: readonly string[];
  private readonly numbers: ReadonlyMap<string, number>;
  protected sharpness: number;
  private told: FrontReport;

  constructor({ labels, sharpness, report }: LabelParts) {
    super();
    this.labels = labels;
    this.numbers = new Map(labels.map((label, i) => [label, i]));
    this.sharpness = sharpness;
    this.told = report;
  }

  override get report(): FrontReport {
    return this.told;
  }

  /** T, by which logits are divided so that probabilities hold. */
  get temperature(): number {
    return 1 / this.sharpness;
  }

  /** Checks a row and reads it. */
  protected abstract readRow(row: Row, i: number, op: string): Read;
  /** The steps of what was read. */
  protected abstract lengthOf(read: Read): number;
  /** Multiplications and additions of an example of a length. */
  protected abstract cost(length: number): number;
  /** The model on what was read. With a key it is a step of learning. */
  protected abstract run(reads: readonly Read[], key?: Key): Classified;
  /** What makes two rows the same thing: they are never on both sides of the held-out part. */
  protected abstract same(row: Row): unknown;

  /** Accuracy, F1, confusion and calibration on rows that it never saw. */
  async evaluate(rows: readonly Row[], options: { signal?: AbortSignal | undefined } = {}): Promise<Evaluation> {
    const op = `${this.kind}.evaluate`;
    expectOptions(op, options, { signal: teachingRules.signal });
    expectRows(op, rows);
    const examples = this.examplesOf(op, rows);
    const found = await this.probabilities(examples.map(({ read }) => read), options.signal); // biome-ignore format: one call
    const answers = found.map((row) => row.indexOf(row.reduce((a, b) => Math.max(a, b), -1)));
    const truth = examples.map(({ label }) => label);
    const confusion = confusionMatrix(truth, answers, this.labels.length);
    const { classes, ...scores } = classificationScores(confusion);
    const sure = found.map((row, i) => Math.min(1, row[answers[i] as number] as number));
    return {
      rows: rows.length,
      loss: lossOfTrue(found, truth),
      ...scores,
      labels: classes.map((of, k) => ({ label: this.labels[k] as string, ...of })),
      confusion,
      calibration: calibration(sure, answers.map((answer, i) => answer === truth[i])), // biome-ignore format: one call
    };
  }

  /** Goes on learning from new rows of the same labels, at a third of the rate. The weights from before stay if none are better on rows that are held out. */
  async update(rows: readonly Row[], options: UpdateOptions<Row> = {}): Promise<this> {
    const op = `${this.kind}.update`;
    expectOptions(op, options, updating as Rules<UpdateOptions<Row>>);
    expectRows(op, rows);
    const { replay = [], ...rest } = options;
    await this.learn(op, [...rows, ...replay], { ...rest, goesOn: true });
    return this;
  }

  /** The logits of each of what was read, a list for each, in turns with others. */
  private async logits(reads: readonly Read[], signal?: AbortSignal): Promise<number[][]> {
    const lengths = reads.map((read) => this.lengthOf(read));
    const found: number[][] = [];
    const work = (piece: readonly number[]) => {
      const { logits } = this.run(piece.map((i) => reads[i] as Read));
      for (const [row, i] of piece.entries()) found[i] = Array.from(select(logits, 0, row).toArray());
    };
    await inTurns(batchesOf(lengths, { batchSize: 64, cost: (length) => this.cost(length) }), work, signal);
    return found;
  }

  /** The probabilities of each of what was read, a list for each. */
  protected async probabilities(reads: readonly Read[], signal?: AbortSignal): Promise<number[][]> {
    const logits = await this.logits(reads, signal);
    return infer(() => unstack(this.sure(tensor(logits))).map((row) => Array.from(row.toArray())));
  }

  /** Probabilities of logits `[B, C]`. */
  protected sure(logits: Tensor): Tensor {
    return softmax(mul(logits, this.sharpness));
  }

  /** Labels with their probabilities, the most probable first. */
  protected ranked(probabilities: ArrayLike<number>): Scored[] {
    const scored = this.labels.map((label, k) => ({ label, probability: probabilities[k] as number }));
    return scored.sort((a, b) => b.probability - a.probability);
  }

  /** Learns from rows, a part of them held out, and sets the temperature by these. */
  protected async learn(op: string, rows: readonly Row[], options: LabelOptions & { goesOn?: boolean }): Promise<void> {
    const [forParts, forLesson] = split(keyOf(options));
    const examples = this.examplesOf(op, rows);
    const { goesOn = false } = options;
    const parts = holdOut(rows.length, forParts, {
      same: (row) => this.same(rows[row] as Row),
      stratum: (row) => examples[row]?.label,
    });
    const lesson: Lesson<Labelled<Read>> = {
      ...of(examples, parts),
      lr: goesOn ? RATE / 3 : RATE,
      goesOn,
    };
    const pupil = this.pupil(lesson.learn, options.balanced ?? false);
    const { steps, heldOutLoss } = await taught(pupil, lesson, { ...options, key: forLesson });
    this.asking = this.askedOf(pupil, lesson.heldOut.slice(0, ASKED));
    this.told = { learnt: parts.learn.length, heldOut: parts.heldOut.length, steps, heldOutLoss };
    if (lesson.heldOut.length > 0) await this.calibrate(lesson.heldOut, options.signal);
  }

  private askedOf(pupil: Pupil<Labelled<Read>>, some: readonly Labelled<Read>[]): Asking | null {
    const quality = () => {
      const right = infer(() => some.filter(({ read, label }) => argmax(this.run([read]).logits).item() === label).length);
      return { loss: lossNow(pupil, some), accuracy: right / some.length };
    };
    return some.length > 0 ? { rows: some.length, quality } : null;
  }

  private pupil(learn: readonly Labelled<Read>[], balanced: boolean): Pupil<Labelled<Read>> {
    const counts = this.labels.map((_, k) => learn.filter(({ label }) => label === k).length);
    const weights = counts.map((count) => learn.length / (this.labels.length * Math.max(1, count)));
    return {
      model: this.model as Module,
      length: ({ read }) => this.lengthOf(read),
      cost: (length) => this.cost(length),
      loss: (some, key) => {
        const { logits } = this.run(some.map(({ read }) => read), key); // biome-ignore format: one call
        const truth = labelTensor(some);
        return key && balanced ? crossEntropy(logits, truth, { weight: tensor(weights) }) : crossEntropy(logits, truth);
      },
    };
  }

  private examplesOf(op: string, rows: readonly Row[]): Labelled<Read>[] {
    return rows.map((row, i) => {
      const read = this.readRow(row, i, op);
      expectLabel(op, row, i);
      const label = this.numbers.get(row.label);
      if (label === undefined) {
        throw new RangeError(`${op}: row ${i} must have one of the labels ${this.labels.slice(0, 9).join(', ')}, got ${shown(row.label)}`);
      }
      return { read, label };
    });
  }

  private async calibrate(heldOut: readonly Labelled<Read>[], signal: AbortSignal | undefined): Promise<void> {
    const logits = await this.logits(heldOut.map(({ read }) => read), signal); // biome-ignore format: one call
    this.sharpness = scope(() => sharpnessOf(tensor(logits), labelTensor(heldOut)));
  }
}

const labelTensor = (rows: readonly Labelled<unknown>[]) => tensor(rows.map(({ label }) => label), { dtype: 'int32' }); // biome-ignore format: one call

const of = <T>(all: readonly T[], { learn, heldOut }: Parts) => ({
  learn: learn.map((i) => all[i] as T),
  heldOut: heldOut.map((i) => all[i] as T),
});

/** The mean of `−ln p` of the true labels; what float32 makes 0 counts as its smallest number. */
function lossOfTrue(found: readonly number[][], truth: readonly number[]): number {
  const own = truth.map((label, i) => Math.max(2 ** -126, found[i]?.[label] as number));
  return infer(() => neg(mean(log(tensor(own)))).item());
}
