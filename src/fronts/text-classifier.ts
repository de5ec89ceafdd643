import { infer } from '../autograd/infer.ts';
import { Vocabulary } from '../data/vocabulary.ts';
import type { FileSource } from '../io/source.ts';
import type { Classified } from '../models/attention-classifier.ts';
import { mean, mul, sub } from '../ops/index.ts';
import { anything, expectOptions, isOneOf, isSize, maybe, type Rules, shown } from '../tensor/check.ts';
import { foldIn, type Key, key } from '../tensor/random.ts';
import { frontOf } from './file.ts';
import { expectList, expectRows, keyOf, UNTAUGHT, widthFor } from './front.ts';
import { LabelFront } from './labelling.ts';
import { expectLabel, type LabelOptions, type LabelParts, labelRules, labelSettings, labelsOf, type Scored } from './labels.ts';
import { TextModel } from './text-model.ts';
import { type ReadText, type TextPiece, TextReader, textBatch, type Unit } from './text-reader.ts';
import { eachInTurns } from './turns.ts';

/** A text and its label. */
export interface TextRow {
  /** Something to read: not only spaces. */
  text: string;
  /** What it is: any string that is not empty. */
  label: string;
}

/** How {@link TextClassifier.fit} learns. */
export interface TextClassifierOptions extends LabelOptions {
  /** What a text is cut into. Default: words where the median row has 4 of them, else characters. */
  unit?: Unit | undefined;
  /** Words or characters of a text that are read; what is behind them is not. Default: as many as the longest row has, at most 256. */
  length?: number | undefined;
  /** Width of the model. Default: 32 below 5,000 rows, 64 below 50,000, else 128. */
  width?: number | undefined;
}

/** A word or character, and what it did. */
export interface Why extends TextPiece {
  /** How much of what was read came from it: in [0, 1], and 1 in all. */
  readonly weight: number;
  /**
   * What it adds to the label's score above the mean of all labels, in nats: more than 0 speaks for it. All together, and what the label has without any
   * text, are the score whose softmax is the probability.
   */
  readonly effect: number;
}

/** What a text is. */
export interface TextPrediction extends Scored {
  /** Every label, the most probable first. */
  readonly labels: readonly Scored[];
  /** Every word or character that was read, in order. */
  readonly why: readonly Why[];
}

const rules: Rules<TextClassifierOptions> = {
  ...labelRules,
  unit: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('words', 'characters')),
  length: /* @__PURE__ */ maybe(isSize),
  width: /* @__PURE__ */ maybe(isSize),
};

interface Parts extends LabelParts {
  readonly reader: TextReader;
  readonly width: number;
  readonly key: Key;
}

type Settings = ReturnType<TextClassifier['settings']>;

const settingsRules: Rules<Settings> = { ...labelSettings, unit: anything, length: anything, width: isSize, vocabulary: anything };

/**
 * Labels of texts, learnt from rows of text and label: `const front = await TextClassifier.fit(rows)`, then `front.predict('Where is my parcel?')`.
 *
 * A word is known by itself and by its runs of 3 and 4 letters, a character by itself and its neighbours ({@link TextReader}). The model is a
 * bidirectional GRU under attention with a learned query, whose result is a sum over the words: {@link TextPrediction.why} has its terms.
 */
export class TextClassifier extends LabelFront<TextRow, ReadText, TextModel> {
  private reads: TextReader;
  readonly width: number;
  protected override readonly kind = 'TextClassifier';

  private constructor({ reader, width, key, ...parts }: Parts) {
    super(parts, new TextModel({ symbols: reader.vocabulary.size, width, labels: parts.labels.length }, key));
    this.reads = reader;
    this.width = width;
  }

  /**
   * Learns from rows. A fifth of each label's rows is held out by the key, equal texts together; learning stops when these are found no better, the best
   * weights stay, and the probabilities are set by them. The same rows, options and key give the same bits everywhere.
   */
  static async fit(rows: readonly TextRow[], options: TextClassifierOptions = {}): Promise<TextClassifier> {
    const op = 'TextClassifier.fit';
    expectOptions(op, options, rules);
    expectRows(op, rows, 2);
    const own = [...rows]; // the caller may go on with the list meanwhile
    const check = (row: TextRow, i: number) => {
      expectText(op, row, `row ${i}`);
      expectLabel(op, row, i);
      return row.text;
    };
    const texts = await eachInTurns(own, check, options.signal);
    const labels = labelsOf(op, own);
    const reader = await TextReader.from(op, texts, options);
    const { width = widthFor(own.length), unit: _, length: __, ...rest } = options;
    const front = new TextClassifier({ reader, width, labels, sharpness: 1, report: UNTAUGHT, key: foldIn(keyOf(options), 0) });
    await front.learn(op, own, rest);
    return front;
  }

  /** Opens what {@link Front.save} gave: a path (Node), bytes, a Blob or a Response. */
  static async load(source: FileSource): Promise<TextClassifier> {
    return frontOf('TextClassifier', source, settingsRules, ({ unit, length, vocabulary, ...parts }) => {
      const reader = new TextReader('TextClassifier', { unit, length, vocabulary: Vocabulary.fromJSON(vocabulary) });
      return new TextClassifier({ ...parts, reader, key: key(0) });
    });
  }

  /** How texts become symbols. */
  get reader(): TextReader {
    return this.reads;
  }

  /** The label of a text, how sure that is, and which words or characters made it so. */
  predict(text: string): TextPrediction {
    const read = this.readRow({ text, label: '' }, 0, 'TextClassifier.predict', 'text');
    return infer(() => {
      const classified = this.run([read]);
      const labels = this.ranked(this.sure(classified.logits).toArray());
      const best = labels[0] as Scored;
      return { ...best, labels, why: this.whyOf(read, classified, best.label) };
    });
  }

  /** {@link predict} of many texts, without their reasons, in turns with whatever else waits. */
  async predictAll(texts: readonly string[], options: { signal?: AbortSignal | undefined } = {}): Promise<Scored[]> {
    expectOptions('TextClassifier.predictAll', options, { signal: labelRules.signal });
    expectList('TextClassifier.predictAll', 'texts', texts);
    const read = (text: string, i: number) => this.readRow({ text, label: '' }, i, 'TextClassifier.predictAll', `text ${i}`);
    const reads = await eachInTurns([...texts], read, options.signal);
    return (await this.probabilities(reads, options.signal)).map((row) => this.ranked(row)[0] as Scored);
  }

  protected override settings() {
    const { reader, width, labels, sharpness, report } = this;
    return { unit: reader.unit, length: reader.length, width, labels, sharpness, report, vocabulary: reader.vocabulary.toJSON() };
  }

  protected override readRow(row: TextRow, i: number, op = 'TextClassifier', what = `row ${i}`): ReadText {
    expectText(op, row, what);
    return this.reader.read(row.text);
  }

  protected override async grow(labels: number, rows: readonly TextRow[], key: Key, signal?: AbortSignal): Promise<(() => void) | null> {
    const { reads, width } = this;
    const larger = await reads.grown(rows.map(({ text }) => text), signal); // biome-ignore format: one call
    if (labels === this.labels.length && larger === reads) return null;
    const undo = this.outgrown(new TextModel({ symbols: larger.vocabulary.size, width, labels }, key));
    this.reads = larger;
    return () => {
      undo();
      this.reads = reads;
    };
  }

  protected override same({ text }: TextRow): string {
    return text;
  }

  protected override lengthOf({ symbols }: ReadText): number {
    return symbols.length;
  }

  /** The products of both directions of the GRU, and of the attention's keys. */
  protected override cost(length: number): number {
    return length * this.width * this.width * (2 * 6 + 2);
  }

  protected override run(reads: readonly ReadText[], key?: Key): Classified {
    const { symbols, share, mask } = textBatch(reads);
    return this.model.forward(symbols, share, { mask, key });
  }

  private whyOf({ pieces }: ReadText, classified: Classified, label: string): Why[] {
    const each = this.model.classifier.effects(classified); // [1, T, C]
    const above = mul(sub(each, mean(each, { axis: -1, keepDims: true })), this.sharpness).toArray();
    const weights = classified.weights.toArray();
    const [count, k] = [this.labels.length, this.labels.indexOf(label)];
    return pieces.map((piece, t) => ({ ...piece, weight: weights[t] as number, effect: above[t * count + k] as number }));
  }
}

/** Checks a text: a string with something in it to read. */
function expectText(op: string, row: TextRow, what: string): void {
  const text: unknown = Object(row).text;
  if (typeof text === 'string' && /\S/u.test(text)) return;
  throw new TypeError(`${op}: ${what} must have something in it to read, got ${shown(text)}`);
}
