import {
  AttentionSeq2Seq,
  type Checkpoint,
  type ErrorRates,
  errorRates,
  foldIn,
  infer,
  key,
  Module,
  padBatch,
  Seq2Seq,
  Vocabulary,
} from 'saccade';
import { type BeamOptions, beamSearch, ensemble, type Hypothesis } from 'saccade/decode';
import type { EncoderDecoder } from 'saccade/models';
import type { Entry } from './cmudict.ts';

/** Everything needed to build a model; saved in its file. */
export interface Shape {
  attention: boolean;
  hidden: number;
  embedding: number;
  layers: number;
  dropout: number;
  /** Number of models that are trained independently and decode together. */
  members: number;
  letters: readonly string[];
  phones: readonly string[];
}

/** A pronounced word. */
export interface Spoken {
  word: string;
  phones: string[];
  /** Phones × letters, if the model has attention. */
  weights: number[][] | null;
}

/** How words are decoded. Reported figures allow empty answers, `minLength` 0. */
export type SayOptions = Pick<BeamOptions, 'beam' | 'minLength'>;

/** Any model that reads letters and writes phones. */
export type Model = EncoderDecoder;

const [PAD, START, END] = [0, 1, 2];

/** The two alphabets: letters in, phones out. */
export class Alphabets {
  readonly letters: Vocabulary;
  readonly phones: Vocabulary;

  constructor({ letters, phones }: Pick<Shape, 'letters' | 'phones'>) {
    this.letters = new Vocabulary(letters);
    this.phones = new Vocabulary(phones);
  }

  encode(word: string): number[] {
    return this.letters.encode(word);
  }

  /** Phones as numbers, including the end. */
  encodePhones(phones: readonly string[]): number[] {
    return [...this.phones.encode(phones), END];
  }
}

/** Makes member `index` of a shape, untrained. */
export function member(shape: Shape, index: number): Model {
  const { letters, phones } = new Alphabets(shape);
  const { attention, hidden, embedding, layers, dropout } = shape;
  const options = { hidden, embedding, layers, dropout, source: letters.size, target: phones.size };
  const from = foldIn(key(1), index);
  return attention ? new AttentionSeq2Seq(options, from) : new Seq2Seq(options, from);
}

/** Weights `[heads · length]` as one row of `length`. */
export function meanOverHeads(row: Float32Array, length: number): number[] {
  const heads = row.length / length;
  return Array.from({ length }, (_, at) => {
    let sum = 0;
    for (let head = 0; head < heads; head++) sum += row[head * length + at] as number;
    return sum / heads;
  });
}

/** Trained members with their alphabets. Several decode together: one beam over the mean of their log-probabilities. */
export class Speaker extends Module {
  readonly alphabets: Alphabets;
  readonly members: readonly Model[];

  constructor(shape: Pick<Shape, 'letters' | 'phones'>, members: readonly Model[]) {
    super();
    this.alphabets = new Alphabets(shape);
    this.members = members;
  }

  /** Pronounces words together, in batches of words of similar length. */
  say(words: readonly string[], options: SayOptions = {}): Spoken[] {
    const spoken = new Map<string, Spoken>();
    const order = [...new Set(words)].sort((a, b) => a.length - b.length);
    for (let at = 0; at < order.length; at += 64) {
      const some = order.slice(at, at + 64);
      const longest = some.reduce((most, { length }) => Math.max(most, length), 0);
      for (const [i, [best]] of this.search(some, options).entries()) {
        const word = some[i] as string;
        const rows = (best?.trace ?? []).map((row) => meanOverHeads(row, longest).slice(0, word.length));
        spoken.set(word, { word, phones: this.alphabets.phones.decode(best?.tokens ?? []), weights: rows.length > 0 ? rows : null });
      }
    }
    return words.map((word) => spoken.get(word) as Spoken);
  }

  /** Phone and word error rate, against the closest of each word's pronunciations. */
  rate(entries: readonly Entry[], options: SayOptions = {}): ErrorRates {
    const spoken = this.say(
      entries.map(({ word }) => word),
      options,
    );
    return errorRates(
      spoken.map(({ phones }) => phones),
      entries.map(({ pronunciations }) => pronunciations),
    );
  }

  private search(words: string[], options: SayOptions): Hypothesis[][] {
    return infer(() => {
      const { tokens } = padBatch(words.map((word) => this.alphabets.encode(word)));
      const source = { each: this.members.map((one) => one.read(tokens)) };
      const maxLength = 2 * (tokens.shape[1] as number) + 10;
      const search = { batch: words.length, start: START, end: END, never: [PAD, START], maxLength, ...options };
      return beamSearch(ensemble(this.members), source, search);
    });
  }
}

/** A speaker whose members are untrained. */
export function untaught(shape: Shape): Speaker {
  return new Speaker(
    shape,
    Array.from({ length: shape.members }, (_, index) => member(shape, index)),
  );
}

/**
 * The shape in a file's metadata. It is accepted only if the file's own tensors have its sizes, since models are built from it before they
 * are loaded.
 */
function shapeOf({ model, metadata }: Pick<Checkpoint, 'model' | 'metadata'>): Shape {
  const shape = JSON.parse(metadata.shape ?? '') as Shape;
  const members = new Set([...model.keys()].map((name) => /^members\.(\d+)\./.exec(name)?.[1])).size;
  const lengths = new Set([...model.values()].flatMap((tensor) => tensor.shape));
  const { hidden, embedding, layers } = shape;
  if (shape.members !== members || !lengths.has(hidden) || !lengths.has(embedding) || !(layers >= 1 && layers <= model.size)) {
    const told = JSON.stringify({ members: shape.members, hidden, embedding, layers });
    throw new RangeError(`speaker: shape must be that of the ${model.size} tensors of the file, got ${told.slice(0, 200)}`);
  }
  return shape;
}

/** The speaker of a file, whose metadata has the shape. */
export function speakerOf(checkpoint: Pick<Checkpoint, 'model' | 'metadata'>): Speaker {
  const { model } = checkpoint;
  const speaker = untaught(shapeOf(checkpoint));
  speaker.loadStateDict(model);
  return speaker;
}

/** The speaker of members in training, each from its checkpoint. */
export function speakerUnderway(checkpoints: readonly Pick<Checkpoint, 'model' | 'metadata'>[]): Speaker {
  const model = new Map(checkpoints.flatMap((one, i) => Array.from(one.model, ([name, x]) => [`members.${i}.${name}`, x] as const)));
  return speakerOf({ model, metadata: checkpoints[0]?.metadata ?? {} });
}
