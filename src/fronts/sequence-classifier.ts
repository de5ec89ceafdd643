import { infer } from '../autograd/infer.ts';
import type { FileSource } from '../io/source.ts';
import type { Classified } from '../models/attention-classifier.ts';
import { assign } from '../nn/buffer.ts';
import { expectOptions, isFlag, isSize, maybe, type Rules, shown } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { foldIn, type Key, key, split } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { frontOf } from './file.ts';
import { expectRows, keyOf, UNTAUGHT, widthFor } from './front.ts';
import { LabelFront } from './labelling.ts';
import { expectLabel, type LabelOptions, type LabelParts, labelRules, labelSettings, labelsOf, type Scored } from './labels.ts';
import { changesOf, normalOf, type ReadSamples, readSample, readSamples, type Samples, sampleBatch } from './samples.ts';
import { SequenceModel, type SequenceState } from './sequence-model.ts';

/** Samples and their label. */
export interface SequenceRow {
  /** T measurements of the same channels each. */
  samples: Samples;
  /** What they are: any string that is not empty. */
  label: string;
}

/** How {@link SequenceClassifier.fit} learns. */
export interface SequenceClassifierOptions extends LabelOptions {
  /** Width of the model. Default: 32 below 5,000 rows, 64 below 50,000, else 128. */
  width?: number | undefined;
  /** Whether it learns from rows made a little slower or faster, larger or smaller at each pass, so that few examples suffice. Default true. */
  vary?: boolean | undefined;
}

/** What samples are. */
export interface SequencePrediction extends Scored {
  /** Every label, the most probable first. */
  readonly labels: readonly Scored[];
  /** How much of what was read came from each sample: 1 in all. */
  readonly weights: readonly number[];
}

/** What samples up to now are, and what the next {@link SequenceClassifier.step} takes. */
export interface SequenceStep extends Scored {
  /** Every label, the most probable first. */
  readonly labels: readonly Scored[];
  /** For the next sample. */
  readonly state: SequenceState;
}

const rules: Rules<SequenceClassifierOptions> = {
  ...labelRules,
  width: /* @__PURE__ */ maybe(isSize),
  vary: /* @__PURE__ */ maybe(isFlag),
};

/** What a {@link SequenceClassifier} is made of beside its weights. */
export interface SequenceClassifierSettings extends LabelParts {
  /** I, the number of channels. */
  readonly channels: number;
  /** D, the width of the GRU. */
  readonly width: number;
  /** Samples of the longest row that it learnt from. */
  readonly longest: number;
  /** Whether each pass varies the rows' speed and size. */
  readonly vary: boolean;
}

const settingsRules: Rules<SequenceClassifierSettings> = {
  ...labelSettings,
  channels: isSize,
  width: isSize,
  longest: isSize,
  vary: isFlag,
};

/**
 * Labels of samples `[T, I]` of any length, learnt from rows: gestures, movements, sounds. `const front = await SequenceClassifier.fit(rows)`, then
 * `front.predict(samples)`, or `front.step(sample, state)` as they come. A GRU reads them in order under attention with a learned query.
 */
export class SequenceClassifier extends LabelFront<SequenceRow, ReadSamples, SequenceModel> {
  /** I, the number of channels. */
  readonly channels: number;
  readonly width: number;
  /** Samples that {@link step} looks back: those of the longest row. */
  readonly longest: number;
  protected override readonly kind = 'SequenceClassifier';
  private readonly vary: boolean;

  private constructor({ channels, width, longest, vary, ...parts }: SequenceClassifierSettings, key: Key) {
    super(parts, new SequenceModel({ channels, width, labels: parts.labels.length }, key));
    this.channels = channels;
    this.width = width;
    this.longest = longest;
    this.vary = vary;
  }

  /**
   * Learns from rows. A fifth of each label's rows is held out by the key (of fewer than five none); learning stops when these are found no better, the best
   * weights stay, and the probabilities are set by them. The same rows, options and key give the same bits everywhere.
   */
  static async fit(rows: readonly SequenceRow[], options: SequenceClassifierOptions = {}): Promise<SequenceClassifier> {
    const op = 'SequenceClassifier.fit';
    expectOptions(op, options, rules);
    expectRows(op, rows, 2);
    const channels: unknown = Object(rows[0]).samples?.[0]?.length;
    if (!channels) throw new TypeError(`${op}: row 0 must have samples, each a list of numbers, got ${shown(Object(rows[0]).samples)}`);
    const read = rows.map((row, i) => {
      const samples = readSamples(op, `row ${i}`, Object(row).samples, channels as number);
      expectLabel(op, row, i);
      return samples;
    });
    const { width = widthFor(rows.length), vary = true, ...rest } = options;
    const longest = read.reduce((most, { steps }) => Math.max(most, steps), 1);
    const parts = { labels: labelsOf(op, rows), sharpness: 1, report: UNTAUGHT };
    const front = new SequenceClassifier({ ...parts, channels: channels as number, width, longest, vary }, foldIn(keyOf(options), 0));
    const { center, sharpness } = normalOf(read, front.channels);
    const { sharpness: rate } = normalOf(read.map((one) => changesOf(one, front.channels)), front.channels); // biome-ignore format: one call
    scope(() => {
      assign(front.model.center, tensor(center));
      assign(front.model.sharpness, tensor(sharpness));
      assign(front.model.rate, tensor(rate));
    });
    await front.learn(op, rows, rest);
    return front;
  }

  /** Opens what {@link Front.save} gave: a path (Node), bytes, a Blob or a Response. */
  static async load(source: FileSource): Promise<SequenceClassifier> {
    return frontOf('SequenceClassifier', source, settingsRules, (settings) => new SequenceClassifier(settings, key(0)));
  }

  /** The label of samples, how sure that is, and which of them made it so. */
  predict(samples: Samples): SequencePrediction {
    const read = readSamples('SequenceClassifier.predict', 'samples', samples, this.channels);
    return infer(() => {
      const { logits, weights } = this.run([read]);
      const labels = this.ranked(this.sure(logits).toArray());
      return { ...(labels[0] as Scored), labels, weights: Array.from(weights.toArray()) };
    });
  }

  /**
   * The label of the samples so far, after one more: `({ label, state } = front.step(sample, state))`. Without a state it begins. It gives what
   * {@link predict} gives of all of them, as long as they are not more than the longest row; then the oldest no longer count by themselves.
   */
  step(sample: ArrayLike<number>, state?: SequenceState): SequenceStep {
    const values = new Float32Array(this.channels);
    readSample('SequenceClassifier.step', 'sample', sample, values);
    if (state !== undefined && !(Object(state).last instanceof Tensor && Object(state).inner))
      throw new TypeError(`SequenceClassifier.step: state must be one that step gave, got ${shown(state)}`);
    return infer(() => {
      const x = tensor(values, { shape: [1, this.channels] });
      const { logits, state: after } = this.model.step(x, state, { window: this.longest });
      const labels = this.ranked(this.sure(logits).toArray());
      return { ...(labels[0] as Scored), labels, state: after };
    });
  }

  protected override settings(): SequenceClassifierSettings {
    const { labels, sharpness, report, channels, width, longest, vary } = this;
    return { labels, sharpness, report, channels, width, longest, vary };
  }

  protected override readRow(row: SequenceRow, i: number, op: string): ReadSamples {
    return readSamples(op, `row ${i}`, Object(row).samples, this.channels);
  }

  protected override async grow(labels: number, _: readonly SequenceRow[], key: Key): Promise<(() => void) | null> {
    const { channels, width } = this;
    return labels === this.labels.length ? null : this.outgrown(new SequenceModel({ channels, width, labels }, key));
  }

  protected override same(row: SequenceRow): unknown {
    return row;
  }

  protected override lengthOf({ steps }: ReadSamples): number {
    return steps;
  }

  /** The products of the GRU, and of the attention's keys. */
  protected override cost(length: number): number {
    return length * this.width * (3 * (this.width + 2 * this.channels) + this.width);
  }

  protected override run(reads: readonly ReadSamples[], key?: Key): Classified {
    const [forSamples, forModel] = key ? split(key) : [];
    const { x, mask } = sampleBatch(reads, this.channels, this.vary ? forSamples : undefined);
    return this.model.forward(x, { mask, key: forModel });
  }
}
