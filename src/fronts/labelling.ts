import { infer } from '../autograd/infer.ts';
import { calibration, classificationScores, confusionMatrix } from '../metrics/classification.ts';
import type { Classified } from '../models/attention-classifier.ts';
import type { Module } from '../nn/module.ts';
import { argmax, crossEntropy, log, mean, mul, neg, select, softmax, unstack } from '../ops/index.ts';
import { expectOptions, type Rules, shown } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { foldIn, type Key, split } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batchesOf } from './batches.ts';
import { expectRows, Front, type FrontReport, keyOf, teachingRules } from './front.ts';
import { NEW_ROWS, newLabelsOf } from './growth.ts';
import { holdOut, type Parts } from './held-out.ts';
import {
  type Evaluation,
  expectLabel,
  type Labelled,
  type LabelOptions,
  type LabelParts,
  type Scored,
  type UpdateOptions,
  updating,
} from './labels.ts';
import { ASKED, type Asking } from './quality.ts';
import { type Lesson, lossNow, type Pupil, taught } from './teaching.ts';
import { sharpnessOf } from './temperature.ts';
import { eachInTurns, inTurns } from './turns.ts';

/** The first rate of AdamW. */
const RATE = 2e-3;

/** What fronts of labels share: learning, probabilities that hold, evaluation. `Read` is what the front makes of a row. */
export abstract class LabelFront<Row extends { label: string }, Read, Model extends Module> extends Front<Model> {
  private names: readonly string[];
  private numbers: ReadonlyMap<string, number>;
  protected sharpness: number;
  private told: FrontReport;

  constructor({ labels, sharpness, report }: LabelParts, model: Model) {
    super(model);
    this.names = labels;
    this.numbers = numbered(labels);
    this.sharpness = sharpness;
    this.told = report;
  }

  override get report(): FrontReport {
    return this.told;
  }

  /** Its labels, sorted; those that an `update` added follow. */
  get labels(): readonly string[] {
    return this.names;
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
  /** Puts a larger model in the place of this one, for more labels or what these rows have and it lacks; `null` if nothing is larger. */
  protected abstract grow(labels: number, rows: readonly Row[], key: Key, signal?: AbortSignal): Promise<(() => void) | null>;
  /** What makes two rows the same thing: they are never on both sides of the held-out part. */
  protected abstract same(row: Row): unknown;

  /** Accuracy, F1, confusion and calibration on rows that it never saw. */
  async evaluate(rows: readonly Row[], options: { signal?: AbortSignal | undefined } = {}): Promise<Evaluation> {
    const op = `${this.kind}.evaluate`;
    expectOptions(op, options, { signal: teachingRules.signal });
    expectRows(op, rows);
    const examples = await this.examplesOf(op, [...rows], options.signal);
    const found = await this.probabilities(examples.map(({ read }) => read), options.signal); // biome-ignore format: one call
    const answers = found.map((row) => row.indexOf(row.reduce((a, b) => Math.max(a, b), -1)));
    const truth = examples.map(({ label }) => label);
    const confusion = confusionMatrix(truth, answers, this.labels.length);
    const { classes, ...scores } = classificationScores(confusion);
    const sure = found.map((row, i) => Math.min(1, row[answers[i] as number] as number));
    return {
      rows: examples.length,
      loss: lossOfTrue(found, truth),
      ...scores,
      labels: classes.map((of, k) => ({ label: this.labels[k] as string, ...of })),
      confusion,
      calibration: calibration(sure, answers.map((answer, i) => answer === truth[i])), // biome-ignore format: one call
    };
  }

  /**
   * Goes on learning from new rows, at a third of the rate. The weights from before stay if none are better on rows that are held out. A label that was not known
   * is added if at least five rows have it; it then learns at the full rate, and should have rows from before to `replay`, or it forgets the other labels.
   */
  async update(rows: readonly Row[], options: UpdateOptions<Row> = {}): Promise<this> {
    const op = `${this.kind}.update`;
    expectOptions(op, options, updating as Rules<UpdateOptions<Row>>);
    expectRows(op, rows);
    const { replay = [], ...rest } = options;
    const all = [...rows, ...replay];
    const check = (row: Row, i: number) => {
      this.readRow(row, i, op);
      expectLabel(op, row, i);
    };
    await eachInTurns(all, check, options.signal);
    const added = newLabelsOf(all, new Set(this.names));
    const undo = await this.growBy(added, all, foldIn(keyOf(options), 1), options.signal);
    try {
      await this.learn(op, all, { ...rest, goesOn: true, grown: added.length > 0 });
    } catch (error) {
      undo();
      throw error;
    }
    return this;
  }

  private async growBy(added: readonly string[], rows: readonly Row[], key: Key, signal?: AbortSignal): Promise<() => void> {
    const { names, numbers } = this;
    const undo = await this.grow(names.length + added.length, rows, key, signal);
    this.names = [...names, ...added];
    this.numbers = numbered(this.names);
    return () => {
      undo?.();
      this.names = names;
      this.numbers = numbers;
    };
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
  protected async learn(op: string, rows: readonly Row[], options: LabelOptions & { goesOn?: boolean; grown?: boolean }): Promise<void> {
    const [forParts, forLesson] = split(keyOf(options));
    const examples = await this.examplesOf(op, rows, options.signal);
    const { goesOn = false, grown = false } = options;
    const parts = holdOut(rows.length, forParts, {
      same: (row) => this.same(rows[row] as Row),
      stratum: (row) => examples[row]?.label,
    });
    const lesson: Lesson<Labelled<Read>> = {
      ...of(examples, parts),
      lr: goesOn && !grown ? RATE / 3 : RATE,
      goesOn,
      grown,
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
      model: this.model,
      length: ({ read }) => this.lengthOf(read),
      cost: (length) => this.cost(length),
      loss: (some, key) => {
        const { logits } = this.run(some.map(({ read }) => read), key); // biome-ignore format: one call
        const truth = labelTensor(some);
        return key && balanced ? crossEntropy(logits, truth, { weight: tensor(weights) }) : crossEntropy(logits, truth);
      },
    };
  }

  private examplesOf(op: string, rows: readonly Row[], signal?: AbortSignal): Promise<Labelled<Read>[]> {
    const example = (row: Row, i: number) => {
      const read = this.readRow(row, i, op);
      expectLabel(op, row, i);
      const label = this.numbers.get(row.label);
      if (label === undefined) {
        const or = op.endsWith('update') ? `, or a new one that at least ${NEW_ROWS} rows have` : '';
        throw new RangeError(
          `${op}: row ${i} must have one of the labels ${this.labels.slice(0, 9).join(', ')}${or}, got ${shown(row.label)}`,
        );
      }
      return { read, label };
    };
    return eachInTurns(rows, example, signal);
  }

  private async calibrate(heldOut: readonly Labelled<Read>[], signal: AbortSignal | undefined): Promise<void> {
    const logits = await this.logits(heldOut.map(({ read }) => read), signal); // biome-ignore format: one call
    this.sharpness = scope(() => sharpnessOf(tensor(logits), labelTensor(heldOut)));
  }
}

const numbered = (labels: readonly string[]) => new Map(labels.map((label, i) => [label, i]));

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
