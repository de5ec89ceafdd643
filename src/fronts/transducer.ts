import { infer } from '../autograd/infer.ts';
import { padBatch } from '../data/batch.ts';
import { Vocabulary } from '../data/vocabulary.ts';
import type { FileSource } from '../io/source.ts';
import { errorRates } from '../metrics/error-rates.ts';
import { AttentionSeq2Seq } from '../models/seq2seq/attention-seq2seq.ts';
import { crossEntropy } from '../ops/index.ts';
import { expectOptions } from '../tensor/check.ts';
import { foldIn, type Key, key, split } from '../tensor/random.ts';
import { Alphabet, type ReadSource, symbolsOf, UNSEEN } from './alphabet.ts';
import { batchesOf } from './batches.ts';
import { type Conversion, conversionFrom, conversionOf } from './conversion.ts';
import { frontOf } from './file.ts';
import { expectList, Front, type FrontReport, keyOf, teachingRules, UNTAUGHT } from './front.ts';
import { holdOut } from './held-out.ts';
import { ASKED, type Asking } from './quality.ts';
import { type Lesson, lossNow, type Pupil, type TeachingOptions, taught } from './teaching.ts';
import {
  type ConvertOptions,
  converting,
  expectPairs,
  expectSource,
  rules,
  settingsRules,
  type TextPair,
  type TransducerEvaluation,
  type TransducerOptions,
  type TransducerSettings,
  type TransducerUpdateOptions,
  updating,
} from './transducing.ts';
import { inTurns } from './turns.ts';

interface Example {
  readonly source: ReadSource;
  readonly target: readonly number[];
}

/** The first rate of AdamW. */
const RATE = 3e-3;

/** The width of the model where none is given. */
const widthOf = (pairs: number) => (pairs < 5000 ? 64 : pairs < 50_000 ? 128 : 256);

/**
 * Short strings into others, learnt from pairs: dates, spellings, transliteration. `const front = await Transducer.fit(pairs)`, then
 * `front.predict('3 May 1999').text`. The model is {@link AttentionSeq2Seq} over characters, which also copies: a character that no pair
 * had can come over from the source. Where a lexicon is given, it speaks first.
 */
export class Transducer extends Front<AttentionSeq2Seq> {
  protected override readonly kind = 'Transducer';
  private alphabet: Alphabet;
  private readonly lexicon: ReadonlyMap<string, readonly string[]>;
  private parts: Omit<TransducerSettings, 'report'>;
  private told: FrontReport;

  private constructor({ report, ...parts }: TransducerSettings, key: Key) {
    const alphabet = new Alphabet(Vocabulary.fromJSON(parts.vocabulary));
    super(modelOf(alphabet, parts.width, key));
    this.parts = parts;
    this.told = report;
    this.alphabet = alphabet;
    this.lexicon = targetsOf(parts.lexicon);
  }

  /**
   * Learns from pairs. A fifth of the sources is held out by the key, those that are alike together; learning stops when these are found no better, and the
   * best weights stay. The same pairs, options and key give the same bits everywhere.
   */
  static async fit(pairs: readonly TextPair[], options: TransducerOptions = {}): Promise<Transducer> {
    const op = 'Transducer.fit';
    expectOptions(op, options, rules);
    expectPairs(op, pairs, 2);
    const { lexicon = [], width = widthOf(pairs.length), ...rest } = options;
    const longest = longestOf(pairs);
    const vocabulary = Alphabet.from(pairs).vocabulary.toJSON();
    const front = new Transducer({ width, longest, vocabulary, lexicon, report: UNTAUGHT }, foldIn(keyOf(options), 0));
    await front.learn(pairs, rest, false);
    return front;
  }

  /** Opens what {@link Front.save} gave: a path (Node), bytes, a Blob or a Response. */
  static async load(source: FileSource): Promise<Transducer> {
    return frontOf('Transducer', source, settingsRules, (settings) => new Transducer(settings, key(0)));
  }

  override get report(): FrontReport {
    return this.told;
  }

  /** What a string becomes, how sure that is, and where each character came from. */
  predict(text: string, options: ConvertOptions = {}): Conversion {
    expectOptions('Transducer.predict', options, converting);
    expectSource('Transducer.predict', 'text', text);
    return this.known(text) ?? (infer(() => this.converted([this.alphabet.readSource(text)], options))[0] as Conversion);
  }

  /** {@link predict} of many strings, in turns with whatever else waits. */
  async predictAll(texts: readonly string[], options: ConvertOptions & { signal?: AbortSignal | undefined } = {}): Promise<Conversion[]> {
    expectOptions('Transducer.predictAll', options, { ...converting, signal: teachingRules.signal });
    expectList('Transducer.predictAll', 'texts', texts);
    texts.forEach((text, i) => expectSource('Transducer.predictAll', `text ${i}`, text)); // biome-ignore format: one line
    const { signal, ...how } = options;
    const found = texts.map((text) => this.known(text));
    const open = texts.flatMap((text, i) => (found[i] ? [] : [{ i, source: this.alphabet.readSource(text) }]));
    const cost = (length: number) => 3 * (how.beam ?? BEAM) * this.cost(length);
    const pieces = batchesOf(open.map(({ source }) => source.tokens.length), { batchSize: 64, cost }); // biome-ignore format: one call
    await inTurns(pieces, (piece) => {
      const some = piece.map((at) => open[at] as (typeof open)[number]);
      this.converted(some.map(({ source }) => source), how).forEach((one, at) => (found[some[at]?.i as number] = one)); // biome-ignore format: one line
    }, signal); // biome-ignore format: a block
    return found as Conversion[];
  }

  /** Wrong strings and characters on pairs that it never saw. A source with several targets is right with any. */
  async evaluate(pairs: readonly TextPair[], options: { signal?: AbortSignal | undefined } = {}): Promise<TransducerEvaluation> {
    const op = 'Transducer.evaluate';
    expectOptions(op, options, { signal: teachingRules.signal });
    expectPairs(op, pairs, 1);
    const targets = targetsOf(pairs);
    const found = await this.predictAll([...targets.keys()], options);
    const rates = errorRates(
      found.map(({ symbols }) => symbols),
      [...targets.values()].map((all) => all.map(symbolsOf)),
    );
    return { ...rates, exact: 1 - rates.sequenceErrorRate };
  }

  /**
   * Goes on learning from new pairs, at a third of the rate. The weights from before stay if none are better on pairs that are held out. Characters that it did
   * not know are added as `fit` would have.
   */
  async update(pairs: readonly TextPair[], options: TransducerUpdateOptions = {}): Promise<this> {
    expectOptions('Transducer.update', options, updating);
    expectPairs('Transducer.update', pairs, 1);
    const { replay = [], ...rest } = options;
    const all = [...pairs, ...replay];
    const undo = this.grow(all, foldIn(keyOf(options), 1));
    try {
      await this.learn(all, rest, true);
    } catch (error) {
      undo();
      throw error;
    }
    return this;
  }

  protected override settings(): TransducerSettings {
    return { ...this.parts, report: this.told };
  }

  private grow(pairs: readonly TextPair[], key: Key): () => void {
    const { alphabet, parts } = this;
    const larger = alphabet.grown(pairs);
    const undo = larger === alphabet ? undefined : this.outgrown(modelOf(larger, parts.width, key));
    this.alphabet = larger;
    this.parts = { ...parts, longest: Math.max(parts.longest, longestOf(pairs)), vocabulary: larger.vocabulary.toJSON() };
    return () => {
      undo?.();
      this.alphabet = alphabet;
      this.parts = parts;
    };
  }

  private known(text: string): Conversion | undefined {
    const [best, ...others] = this.lexicon.get(text) ?? [];
    return best === undefined ? undefined : conversionFrom(text, [best, ...others]);
  }

  private converted(sources: readonly ReadSource[], { beam = BEAM, nBest = 1 }: ConvertOptions): Conversion[] {
    const { tokens } = padBatch(sources.map((source) => source.tokens));
    const maxLength = Math.max(2 * (tokens.shape[1] as number) + 10, this.parts.longest + 2);
    const { hypotheses } = this.model.translate(tokens, { beam: Math.max(beam, nBest), nBest, maxLength });
    return hypotheses.map((found, b) => conversionOf(found, sources[b] as ReadSource, this.alphabet));
  }

  /** The products of both directions of the encoder, of the decoder and its attention, and of the output. */
  private cost(length: number): number {
    const { width } = this.parts;
    return length * width * (28 * width + length + this.alphabet.vocabulary.size);
  }

  private async learn(pairs: readonly TextPair[], options: TeachingOptions, goesOn: boolean): Promise<void> {
    const [forParts, forLesson] = split(keyOf(options));
    const parts = holdOut(pairs.length, forParts, { same: (row) => pairs[row]?.[0] });
    const examples = pairs.map(([text, target]): Example => {
      const source = this.alphabet.readSource(text);
      return { source, target: this.alphabet.readTarget(target, source) };
    });
    const lesson: Lesson<Example> = {
      learn: parts.learn.map((i) => examples[i] as Example),
      heldOut: parts.heldOut.map((i) => examples[i] as Example),
      lr: goesOn ? RATE / 3 : RATE,
      goesOn,
    };
    const pupil = this.pupil();
    const { steps, heldOutLoss } = await taught(pupil, lesson, { ...options, key: forLesson });
    this.asking = this.askedOf(pupil, lesson.heldOut.slice(0, ASKED));
    this.told = { learnt: parts.learn.length, heldOut: parts.heldOut.length, steps, heldOutLoss };
  }

  private askedOf(pupil: Pupil<Example>, some: readonly Example[]): Asking | null {
    const isRight = ({ source, target }: Example) => {
      const [found] = this.converted([source], { beam: 1 });
      return found?.text === this.alphabet.write(target.slice(0, -1), source).join('');
    };
    const quality = () => ({ loss: lossNow(pupil, some), accuracy: infer(() => some.filter(isRight).length) / some.length });
    return some.length > 0 ? { rows: some.length, quality } : null;
  }

  private pupil(): Pupil<Example> {
    return {
      model: this.model,
      length: ({ source, target }) => Math.max(source.tokens.length, target.length),
      cost: (length) => this.cost(length),
      loss: (some, key) => {
        const source = padBatch(some.map((example) => example.source.tokens)).tokens;
        const target = padBatch(some.map((example) => example.target)).tokens;
        return crossEntropy(this.model.forward(source, target, { key }), target, { ignoreIndex: 0 });
      },
    };
  }
}

const longestOf = (pairs: readonly TextPair[]) => pairs.reduce((most, [, target]) => Math.max(most, symbolsOf(target).length), 1);

function modelOf({ vocabulary }: Alphabet, hidden: number, key: Key): AttentionSeq2Seq {
  return new AttentionSeq2Seq({ source: vocabulary.size, target: vocabulary.size, hidden, copy: UNSEEN, dropout: 0.1 }, key);
}

/** Strings that a search keeps where nothing else is said. */
const BEAM = 4;

/** The targets of each source, in order. */
function targetsOf(pairs: readonly TextPair[]): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const [source, target] of pairs) {
    const known = targets.get(source);
    if (!known) targets.set(source, [target]);
    else if (!known.includes(target)) known.push(target);
  }
  return targets;
}
